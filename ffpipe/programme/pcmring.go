package programme

import "encoding/binary"

const (
	pcmBytes     = Channels * 2
	chunkSamples = SampleRate / 4
	freeChunks   = 4
)

// pcmRing keeps consecutive samples as little-endian bytes, in chunks that are recycled. Not safe for concurrent use.
type pcmRing struct {
	chunks     [][]byte // chunk i begins at sample base + i·chunkSamples
	free       [][]byte
	base       int64
	start, end int64 // samples held: start … end−1
}

// append adds interleaved stereo that begins at sample at; only the first one may begin anywhere.
func (r *pcmRing) append(at int64, pcm []int16) {
	if r.chunks == nil && r.end == 0 {
		r.base, r.start, r.end = at, at, at
	}
	for len(pcm) > 0 {
		i := (r.end - r.base) / chunkSamples
		if int(i) == len(r.chunks) {
			r.chunks = append(r.chunks, r.chunk())
		}
		off := (r.end - r.base) % chunkSamples
		n := min(int(chunkSamples-off)*Channels, len(pcm))
		dst := r.chunks[i][off*pcmBytes:]
		for k, s := range pcm[:n] {
			binary.LittleEndian.PutUint16(dst[2*k:], uint16(s))
		}
		r.end += int64(n / Channels)
		pcm = pcm[n:]
	}
}

// read copies from sample at on, which is held, and returns the number of samples.
func (r *pcmRing) read(at int64, dst []byte) int64 {
	n := min(int64(len(dst)/pcmBytes), r.end-at)
	for k := int64(0); k < n; {
		i, off := (at+k-r.base)/chunkSamples, (at+k-r.base)%chunkSamples
		span := min(n-k, chunkSamples-off)
		copy(dst[k*pcmBytes:], r.chunks[i][off*pcmBytes:(off+span)*pcmBytes])
		k += span
	}
	return n
}

// trim forgets what is before sample at.
func (r *pcmRing) trim(at int64) {
	r.start = max(r.start, min(at, r.end))
	drop := min(int((r.start-r.base)/chunkSamples), len(r.chunks))
	if drop <= 0 {
		return
	}
	for _, c := range r.chunks[:drop] {
		if len(r.free) < freeChunks {
			r.free = append(r.free, c)
		}
	}
	n := copy(r.chunks, r.chunks[drop:])
	clear(r.chunks[n:])
	r.chunks = r.chunks[:n]
	r.base += int64(drop) * chunkSamples
}

func (r *pcmRing) chunk() []byte {
	if n := len(r.free); n > 0 {
		c := r.free[n-1]
		r.free = r.free[:n-1]
		return c
	}
	return make([]byte, chunkSamples*pcmBytes)
}
