package programme

// AdjustPCM makes a block of interleaved stereo one sample longer (adjust > 0) or shorter (adjust < 0) and returns it.
// The change is spread over the whole block by cubic interpolation, first and last sample stay as they are, so that
// nothing clicks. It works in place; to lengthen without allocating, pcm needs room for one more sample per channel.
func AdjustPCM(pcm []int16, adjust int) []int16 {
	n := len(pcm) / Channels
	switch {
	case adjust == 0 || n < 2:
		return pcm
	case adjust < 0:
		for ch := range Channels {
			shorten(pcm[ch:], n)
		}
		return pcm[:(n-1)*Channels]
	default:
		pcm = append(pcm[:n*Channels], pcm[(n-1)*Channels:n*Channels]...)
		for ch := range Channels {
			lengthen(pcm[ch:], n)
		}
		return pcm
	}
}

// shorten reads ever further ahead of where it writes: at sample 0 by nothing, at the last by one.
func shorten(x []int16, n int) {
	before := x[0]
	for j := range n - 1 {
		here, next := x[j*Channels], x[(j+1)*Channels]
		after := x[min(j+2, n-1)*Channels]
		t := float32(0)
		if n > 2 {
			t = float32(j) / float32(n-2)
		}
		x[j*Channels] = cubic(before, here, next, after, t)
		before = here
	}
}

// lengthen goes from the end, because it reads behind where it writes. Sample n is the copy that AdjustPCM appended.
func lengthen(x []int16, n int) {
	next, after := x[(n-1)*Channels], x[(n-1)*Channels]
	for j := n - 1; j > 0; j-- {
		here := x[(j-1)*Channels]
		before := x[max(j-2, 0)*Channels]
		x[j*Channels] = cubic(before, here, next, after, 1-float32(j)/float32(n))
		next, after = here, next
	}
}

// cubic is the Catmull-Rom value at t between b and c.
func cubic(a, b, c, d int16, t float32) int16 {
	p, q, r, s := float32(a), float32(b), float32(c), float32(d)
	v := q + t/2*(r-p+t*(2*p-5*q+4*r-s+t*(3*(q-r)+s-p)))
	if v < 0 {
		v -= 0.5
	} else {
		v += 0.5
	}
	return int16(max(-32768, min(32767, v)))
}
