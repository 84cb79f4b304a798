package uploads

import (
	"math/rand/v2"
	"time"
)

const (
	firstPause = time.Second
	longPause  = time.Minute
	// A debt that is an hour old is tried more rarely: its store is not merely restarting.
	oldDebt  = time.Hour
	oldPause = 10 * time.Minute
)

// pause is how long to wait after a debt's tries-th try failed, at an age; a fifth of it is chance, so that what failed
// together does not come back together.
func pause(tries int, age time.Duration) time.Duration {
	p := oldPause
	if age < oldDebt {
		p = longPause
		if tries < 7 {
			p = min(firstPause<<max(tries-1, 0), longPause)
		}
	}
	return p - rand.N(p/5)
}
