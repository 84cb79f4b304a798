package meter

import (
	"math"

	"github.com/ffegress/ffegress/integration/card"
)

// Pilot says whether the sound that never stops never stopped, inside the
// window.
type Pilot struct {
	Heard    bool
	Level    float64 // dB of full scale
	Gaps     []Gap   // stretches without it, from about 4 ms on
	Slips    int     // sudden phase steps: samples lost or inserted without a gap
	DriftMS  float64 // how far its phase moved in all, as time; clocks differ
	HolesMS  float64 // time that the file's own timestamps leave without sound
	SilentMS float64 // sum of the gaps
}

// Gap is a stretch of missing sound.
type Gap struct {
	At float64 // seconds, on the file's timeline
	MS float64
}

// pilotWidth is the averaging width: one period.
const pilotWidth = card.SampleRate / card.PilotFrequency

// slipDegrees is the phase step within slipStep samples that is no noise.
const (
	slipDegrees = 30
	slipStep    = card.SampleRate / 50
)

func pilot(s *sound, w window) Pilot {
	p := Pilot{HolesMS: float64(s.holes) * 1000 / card.SampleRate}
	e := newEnvelope(s.pcm, card.PilotFrequency, pilotWidth)
	from := max(0, int((w.from-s.start)*card.SampleRate))
	to := min(len(s.pcm), int((w.to-s.start)*card.SampleRate))
	var levels []float64
	for i := from; i < to; i += 48 {
		levels = append(levels, e.amplitude(i))
	}
	usual := median(levels)
	if !(usual > card.PilotAmplitude/4) {
		return p
	}
	p.Heard, p.Level = true, 20*math.Log10(usual)
	start, lastGap := -1, -slipStep
	last, total := math.NaN(), 0.0
	for i := from; i < to; i++ {
		low := e.amplitude(i) < usual/2
		if low && start < 0 {
			start = i
		}
		if start >= 0 && (!low || i == to-1) {
			g := Gap{s.at(float64(start)), float64(i-start) * 1000 / card.SampleRate}
			start, lastGap = -1, i
			if g.MS >= 1 {
				p.Gaps = append(p.Gaps, g)
				p.SilentMS += g.MS
			}
		}
		if i%slipStep != 0 {
			continue
		}
		now := e.phase(i)
		if step := math.Remainder(now-last, 2*math.Pi); !math.IsNaN(step) {
			total += step
			if math.Abs(step) > slipDegrees*math.Pi/180 && i-lastGap > 2*slipStep {
				p.Slips++
			}
		}
		last = now
	}
	p.DriftMS = total / (2 * math.Pi) / card.PilotFrequency * 1000
	return p
}
