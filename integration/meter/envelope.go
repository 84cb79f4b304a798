package meter

import (
	"math"

	"github.com/ffegress/ffegress/integration/card"
)

// envelope is the amplitude and phase of one frequency over time.
//
// The signal is shifted to 0 Hz and averaged twice over width samples, which
// weighs it with a triangle: edges stay symmetric, so a tone's half amplitude
// is passed exactly at its onset, and all frequencies at multiples of
// 48000/width Hz from this one vanish.
type envelope struct{ re, im []float64 }

func newEnvelope(pcm []float32, hz float64, width int) *envelope {
	n := len(pcm)
	e := &envelope{make([]float64, n), make([]float64, n)}
	step := 2 * math.Pi * hz / card.SampleRate
	for i, v := range pcm {
		sin, cos := math.Sincos(math.Mod(step*float64(i), 2*math.Pi))
		e.re[i], e.im[i] = float64(v)*cos, -float64(v)*sin
	}
	for _, part := range [][]float64{e.re, e.im} {
		smooth(part, width, 0)
		smooth(part, width, 1)
	}
	return e
}

// smooth replaces v by its centred moving average; for an even width the
// centre lies half a sample early (skew 0) or late (skew 1).
func smooth(v []float64, width, skew int) {
	sums := make([]float64, len(v)+1)
	for i, x := range v {
		sums[i+1] = sums[i] + x
	}
	for i := range v {
		lo := max(0, i-width/2+skew)
		hi := min(len(v), i-width/2+skew+width)
		v[i] = (sums[max(hi, 0)] - sums[min(lo, len(v))]) / float64(width)
	}
}

// amplitude at sample i, full scale being 1.
func (e *envelope) amplitude(i int) float64 { return 2 * math.Hypot(e.re[i], e.im[i]) }

// phase at sample i in radians, against a tone that starts at sample 0.
func (e *envelope) phase(i int) float64 { return math.Atan2(e.im[i], e.re[i]) }
