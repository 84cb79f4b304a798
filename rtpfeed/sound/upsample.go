package sound

import "math"

const (
	upFactor = 6
	upTaps   = 32 // samples of the input that one of the output is made of
	// upDelay is the filter's delay in samples of the output: half its length.
	upDelay = upTaps * upFactor / 2
	// upCutoff is the middle of the filter's edge, of half the input's rate: speech ends at 3.4 of 4 kHz.
	upCutoff = 0.96
	upBeta   = 8 // of the Kaiser window: 80 dB
)

// upFilter is the filter by phases: row k makes the output k samples after the newest input.
var upFilter = makeFilter()

func makeFilter() (f [upFactor][upTaps]float32) {
	const length = upTaps * upFactor
	for phase := range f {
		sum := 0.0
		var row [upTaps]float64
		for tap := range row {
			// Tap 0 is the oldest input.
			x := float64((upTaps-1-tap)*upFactor+phase) - length/2
			r := x / (length / 2)
			row[tap] = sinc(x/upFactor*upCutoff) * bessel(upBeta*math.Sqrt(max(0, 1-r*r)))
			sum += row[tap]
		}
		for tap, v := range row {
			f[phase][tap] = float32(v / sum) // so that a constant stays one in every phase
		}
	}
	return f
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel is the modified Bessel function of the first kind of order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= x / 2 / k * x / 2 / k
		sum += term
	}
	return sum
}

// upsampler makes six samples of one. past is a ring that is kept twice, so that a stretch of it is in one piece.
type upsampler struct {
	past [2 * upTaps]float32
	at   int
}

func (u *upsampler) push(v int16) (out [upFactor]int16) {
	u.past[u.at], u.past[u.at+upTaps] = float32(v), float32(v)
	u.at = (u.at + 1) % upTaps
	past := u.past[u.at : u.at+upTaps : u.at+upTaps]
	for phase := range out {
		row := &upFilter[phase]
		sum := float32(0)
		for i, p := range past {
			sum += p * row[i]
		}
		out[phase] = int16(max(-32768, min(32767, math.Round(float64(sum)))))
	}
	return out
}
