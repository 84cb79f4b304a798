package lease

import (
	"sync"
	"time"
)

// agenda is what is to be done about egresses of other nodes, by the names of their leases. Its methods may be called
// from any goroutine.
type agenda struct {
	mu    sync.Mutex
	later map[string]time.Time // when to look again
	busy  map[string]bool      // its end is told, or it is to be resumed
}

func newAgenda() *agenda { return &agenda{later: map[string]time.Time{}, busy: map[string]bool{}} }

func (a *agenda) begin(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy[id] = true
}

func (a *agenda) done(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.busy, id)
}

func (a *agenda) begun(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.busy[id]
}

// wait has an egress be left alone until then; waits tells whether it is.
func (a *agenda) wait(id string, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.later[id] = until
}

func (a *agenda) waits(id string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return now.Before(a.later[id])
}

// forget strikes out what waits and is not among those.
func (a *agenda) forget(still map[string]bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.later {
		if !still[id] {
			delete(a.later, id)
		}
	}
}
