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
	byID map[string]bool // true while media is being recorded
	idle chan struct{}   // closed while byID is empty
	last time.Time       // when an id was last taken

	// freed is called when an egress takes no one's place any more, once or twice; nil = nobody is told.
	freed func(id string)
}

func newSessions() *sessions {
	s := &sessions{byID: map[string]bool{}, idle: make(chan struct{})}
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
	s.byID[id] = true
	s.last = time.Now()
	return true
}

// settle says that only uploads remain of the egress: it takes no one's place any more.
func (s *sessions) settle(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byID[id]; ok {
		s.byID[id] = false
		s.free(id)
	}
}

// free is called locked.
func (s *sessions) free(id string) {
	if s.freed != nil {
		s.freed(id)
	}
}

// recording is how many egresses record.
func (s *sessions) recording() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, on := range s.byID {
		if on {
			n++
		}
	}
	return n
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
	s.free(id)
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
