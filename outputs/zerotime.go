package outputs

import (
	"sync"
	"time"
)

// zeroTime is the moment of the timeline's zero, which is known only when the
// programme begins.
type zeroTime struct {
	once sync.Once
	done chan struct{}
	at   time.Time // zero = given up
}

func newZeroTime() *zeroTime { return &zeroTime{done: make(chan struct{})} }

// set tells it. Only the first call of set and giveUp counts.
func (z *zeroTime) set(at time.Time) {
	z.once.Do(func() {
		z.at = at
		close(z.done)
	})
}

// giveUp says that nobody will tell it any more.
func (z *zeroTime) giveUp() { z.set(time.Time{}) }

// wait returns the moment, or false when it was given up.
func (z *zeroTime) wait() (time.Time, bool) {
	<-z.done
	return z.at, !z.at.IsZero()
}
