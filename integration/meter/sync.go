package meter

import (
	"math"
	"slices"
)

// window is the part of a file that is judged, in seconds of its timeline.
type window struct{ from, to float64 }

// Offsets are beep minus flash in ms: positive means that sound is late. The
// flash is exact to one frame.
type Offsets struct {
	Each             []float64
	At               []float64 // the flash of each, in seconds
	P50, P95Abs      float64
	Min, Max, Median float64
}

const pairWithin = 0.5 // seconds

// pair matches each flash with the nearest beep.
func pair(flashes, beeps []float64, w window) Offsets {
	var o Offsets
	for _, f := range flashes {
		best := math.Inf(1)
		for _, b := range beeps {
			if math.Abs(b-f) < math.Abs(best) {
				best = b - f
			}
		}
		if math.Abs(best) < pairWithin && f >= w.from && f < w.to {
			o.Each, o.At = append(o.Each, best*1000), append(o.At, f)
		}
	}
	if len(o.Each) == 0 {
		return o
	}
	sorted, abs := slices.Clone(o.Each), make([]float64, len(o.Each))
	for i, v := range o.Each {
		abs[i] = math.Abs(v)
	}
	o.Median = median(sorted)
	o.Min, o.Max = sorted[0], sorted[len(sorted)-1]
	o.P50, o.P95Abs = percentile(abs, 0.5), percentile(abs, 0.95)
	return o
}

// Events is how many of the once-a-second events inside the window are there.
type Events struct {
	Expected int
	Found    int
	Missing  []float64 // where, in seconds
	Extra    []float64 // events that fit no second
	Beat     float64   // where in the second they usually are, 0 … 1 and a little beyond
}

const onTheSecond = 0.3 // seconds

// once compares events with a grid of one a second, whose phase comes from
// the events themselves or, if there are none, from other.
func once(events, other []float64, w window) Events {
	anchor := events
	if len(anchor) == 0 {
		anchor = other
	}
	phase := circularMean(anchor)
	e := Events{Beat: beat(events, w)}
	used := make([]bool, len(events))
	for t := math.Ceil(w.from-phase) + phase; t < w.to; t++ {
		e.Expected++
		best := -1
		for i, at := range events {
			if math.Abs(at-t) < onTheSecond && !used[i] && (best < 0 || math.Abs(at-t) < math.Abs(events[best]-t)) {
				best = i
			}
		}
		if best < 0 {
			e.Missing = append(e.Missing, t)
			continue
		}
		used[best] = true
		e.Found++
	}
	for i, at := range events {
		if !used[i] && at >= w.from+onTheSecond && at < w.to-onTheSecond {
			e.Extra = append(e.Extra, at)
		}
	}
	return e
}

// beat is the usual place in the second of what is judged; one that is far off does not move it.
func beat(events []float64, w window) float64 {
	var judged []float64
	for _, at := range events {
		if at >= w.from && at < w.to {
			judged = append(judged, at)
		}
	}
	middle := circularMean(judged)
	for i, at := range judged {
		judged[i] = math.Remainder(at-middle, 1)
	}
	return middle + median(judged)
}

// circularMean is the mean place in the second, 0 … 1.
func circularMean(v []float64) float64 {
	var x, y float64
	for _, t := range v {
		sin, cos := math.Sincos(2 * math.Pi * t)
		x, y = x+cos, y+sin
	}
	m := math.Atan2(y, x) / (2 * math.Pi)
	if m < 0 {
		m++
	}
	return m
}
