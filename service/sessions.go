package service

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// sessions are the ids of the running egresses.
type sessions struct {
	mu   sync.Mutex
	byID map[string]struct{}
	idle chan struct{} // closed while byID is empty
	last time.Time     // when an id was last taken
}

func newSessions() *sessions {
	s := &sessions{byID: map[string]struct{}{}, idle: make(chan struct{})}
	close(s.idle)
	return s
}

// reserve takes the id; false when it is running already.
func (s *sessions) reserve(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byID[id]; ok {
		return false
	}
	if len(s.byID) == 0 {
		s.idle = make(chan struct{})
	}
	s.byID[id] = struct{}{}
	s.last = time.Now()
	return true
}

// sinceLast is how long ago the last egress began.
func (s *sessions) sinceLast() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.last)
}

// remove frees the id; it may be free already.
func (s *sessions) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byID[id]; !ok {
		return
	}
	delete(s.byID, id)
	if len(s.byID) == 0 {
		close(s.idle)
	}
}

// ids are the egresses that run, reserved ones included.
func (s *sessions) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.byID))
}

// empty is closed once no egress runs, for the set as it is now.
func (s *sessions) empty() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idle
}
