package lease

import (
	"sync"
	"time"
)

// Link knows since when the way to Redis has been good. Its methods may be called from any goroutine.
type Link struct {
	times Times

	mu    sync.Mutex
	since time.Time // zero: it is not good
	last  time.Time
}

// NewLink makes a link of which nothing is known.
func NewLink(t Times) *Link { return &Link{times: t} }

// good notes an answer. A gap since the last one means that the link, or this process, stood still: others may have seen
// what this node did not.
func (l *Link) good(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since.IsZero() || now.Sub(l.last) > l.times.Lapse {
		l.since = now
	}
	l.last = now
}

// bad notes that no answer came.
func (l *Link) bad() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = time.Time{}
}

// Healthy tells whether the link has been good for long enough, and still is.
func (l *Link) Healthy(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.since.IsZero() && now.Sub(l.since) >= l.times.Healthy && now.Sub(l.last) <= l.times.Lapse
}
