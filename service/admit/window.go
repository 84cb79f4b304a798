package admit

import "time"

// Spans over which use is averaged. The longer one is what an egress takes, the shorter one sees that it has begun to
// take more.
const (
	longSpan  = 10 * time.Second
	shortSpan = 3 * time.Second
)

// reading is what was used from one measurement to the next.
type reading struct {
	at    time.Time
	span  time.Duration
	cores float64
}

// window holds the readings of the last longSpan.
type window struct{ readings []reading }

func (w *window) add(r reading) {
	keep := w.readings[:0]
	for _, old := range w.readings {
		if r.at.Sub(old.at) < longSpan {
			keep = append(keep, old)
		}
	}
	w.readings = append(keep, r)
}

// cores is the larger of the two averages.
func (w *window) cores() float64 { return max(w.average(longSpan), w.average(shortSpan)) }

func (w *window) average(over time.Duration) float64 {
	var used float64
	var span time.Duration
	for i := len(w.readings) - 1; i >= 0 && span < over; i-- {
		r := w.readings[i]
		used += r.cores * r.span.Seconds()
		span += r.span
	}
	if span <= 0 {
		return 0
	}
	return used / span.Seconds()
}
