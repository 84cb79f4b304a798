package outputs

import "time"

const (
	deathLimit  = 3
	deathWindow = 60 * time.Second
)

// deaths decides when an encoder that keeps dying is given up.
type deaths []time.Time

// tooMany adds a death and says whether it was the third within a minute.
func (d *deaths) tooMany(now time.Time) bool {
	recent := (*d)[:0]
	for _, at := range *d {
		if now.Sub(at) < deathWindow {
			recent = append(recent, at)
		}
	}
	*d = append(recent, now)
	return len(*d) >= deathLimit
}
