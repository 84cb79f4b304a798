package outputs

import (
	"math/rand/v2"
	"time"
)

const (
	// DefaultStreamWindow is how long a stream that cannot be sent is tried again.
	DefaultStreamWindow = 30 * time.Second

	retryFirst = 500 * time.Millisecond
	retryCap   = 4 * time.Second
	// retryProgress is how long a server must have taken a stream for its next loss to be a new one.
	retryProgress = 5 * time.Second
)

// streamRetry decides whether a stream is tried again, and when. Times are those of the tries' beginnings: a try that
// took long is followed at once.
type streamRetry struct {
	window time.Duration
	random func() float64 // in [0, 1); nil = at random

	since time.Time // of the first failure without progress after it
	tries int
}

// next is told of a try that began, was taken by the server for a while (0 = never) and has ended now. ok is false
// when the window is over.
func (r *streamRetry) next(now, began time.Time, taken time.Duration) (wait time.Duration, ok bool) {
	if taken >= retryProgress || r.since.IsZero() {
		r.since, r.tries = now, 0
	}
	random := r.random
	if random == nil {
		random = rand.Float64
	}
	pause := min(retryFirst<<min(r.tries, 8), retryCap)
	pause = pause/2 + time.Duration(random()*float64(pause)/2)
	r.tries++
	wait = max(0, began.Add(pause).Sub(now))
	return wait, now.Add(wait).Sub(r.since) <= r.window
}
