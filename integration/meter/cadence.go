package meter

import "github.com/ffegress/ffegress/integration/card"

// Cadence says how smoothly a card's counter runs inside the window.
type Cadence struct {
	UniqueFPS     float64 // distinct pictures per second of the window
	WorstSecond   int     // fewest distinct pictures in a whole second
	Repeats       int     // frames that show the picture before once more
	Skipped       int     // pictures of the source that never appear
	Backward      int     // steps back
	Unreadable    int     // frames of the window in which the card could not be read
	LongestFreeze float64 // ms for which one picture stood; 33 is perfect at 30 fps
}

// cadence follows the counter through the frames whose time lies in the
// window.
func (s *seen) cadence(stamps []stamp, w window) Cadence {
	var c Cadence
	perSecond := map[int]int{}
	fresh, shown := 0, 0
	last, since := -1, 0.0
	for _, at := range s.sightings {
		t := stamps[at.frame].pts
		if t < w.from || t >= w.to {
			continue
		}
		shown++
		if last >= 0 {
			switch step := (at.counter - last + card.Loop) % card.Loop; {
			case step == 0:
				c.Repeats++
				continue
			case step < card.Loop/2:
				c.Skipped += step - 1
			default:
				c.Backward++
			}
			c.LongestFreeze = max(c.LongestFreeze, (t-since)*1000)
		}
		fresh++
		perSecond[int(t-w.from)]++
		last, since = at.counter, t
	}
	if last >= 0 {
		c.LongestFreeze = max(c.LongestFreeze, (w.to-since)*1000)
	}
	for _, f := range stamps {
		if f.pts >= w.from && f.pts < w.to {
			c.Unreadable++
		}
	}
	c.Unreadable -= shown
	c.UniqueFPS = float64(fresh) / (w.to - w.from)
	for sec := range int(w.to - w.from) {
		if sec == 0 || perSecond[sec] < c.WorstSecond {
			c.WorstSecond = perSecond[sec]
		}
	}
	return c
}
