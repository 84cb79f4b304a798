package meter

import "github.com/ffegress/ffegress/integration/card"

// beep is one tone that was heard.
type beep struct {
	onset  float64 // sample, the first of the beep
	length float64 // ms between the points of half amplitude
	level  float64 // amplitude, full scale being 1
}

// beepWidth is the averaging width for beeps: 10 ms, whose zeros lie at
// multiples of 100 Hz, where all other participants and the pilot are.
const beepWidth = card.SampleRate / 100

const (
	faintest   = 0.02 // of full scale; below this nothing is a beep
	heardShare = 0.35 // of the usual amplitude
	sameBeep   = card.SampleRate * 6 / 100
)

// beeps finds all beeps of a participant.
func beeps(pcm []float32, id int) []beep {
	e := newEnvelope(pcm, card.Frequency(id), beepWidth)
	amp := make([]float64, len(pcm))
	var peaks []float64
	for i := range amp {
		amp[i] = e.amplitude(i)
		if i%card.SampleRate == 0 {
			peaks = append(peaks, 0)
		}
		peaks[len(peaks)-1] = max(peaks[len(peaks)-1], amp[i])
	}
	threshold := max(faintest, heardShare*percentile(peaks, 0.9))
	var out []beep
	end := -sameBeep
	for i := 0; i < len(amp); i++ {
		if amp[i] < threshold {
			continue
		}
		from := i
		for i < len(amp) && amp[i] >= threshold {
			i++
		}
		b := measure(amp, from, i)
		if from-end < sameBeep && len(out) > 0 {
			out[len(out)-1].length = float64(i-int(out[len(out)-1].onset)) * 1000 / card.SampleRate
		} else {
			out = append(out, b)
		}
		end = i
	}
	return out
}

// measure refines a stretch above the threshold to the points of half the
// beep's own amplitude.
func measure(amp []float64, from, to int) beep {
	var middle []float64
	for i := from + (to-from)/4; i < to-(to-from)/4; i += 16 {
		middle = append(middle, amp[i])
	}
	level := amp[from]
	if len(middle) > 0 {
		level = median(middle)
	}
	half := level / 2
	up := from
	for up > 0 && amp[up] > half {
		up--
	}
	for up < to-1 && amp[up+1] <= half {
		up++
	}
	down := to - 1
	for down < len(amp)-1 && amp[down] > half {
		down++
	}
	onset := float64(up)
	if up+1 < len(amp) && amp[up+1] > amp[up] {
		onset += (half - amp[up]) / (amp[up+1] - amp[up])
	}
	return beep{
		onset:  onset - card.BeepEdge/2.0,
		length: (float64(down) - onset) * 1000 / card.SampleRate,
		level:  level,
	}
}
