package uploads

import (
	"context"
	"math/rand/v2"
	"time"
)

// fastTries are those that a store makes of one call before the call has failed: for stores whose library makes none
// or cannot repeat a body.
type fastTries struct {
	attempts       int
	first, longest time.Duration // pauses; each is twice the one before, and a part of it is chance
}

var defaultTries = fastTries{5, 100 * time.Millisecond, 5 * time.Second}

// do calls fn until it succeeds, again says no, ctx ends or the attempts are used up.
func (t fastTries) do(ctx context.Context, again func(error) bool, fn func() error) error {
	wait := t.first
	for n := 1; ; n++ {
		err := fn()
		if err == nil || ctx.Err() != nil || n >= t.attempts || wasSilent(err) || !again(err) {
			return err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait/2+1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		wait = min(2*wait, t.longest)
	}
}
