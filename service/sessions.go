package service

import (
	"maps"
	"slices"
	"sync"

	"github.com/ffegress/ffegress/service/session"
)

// sessions are the running egresses by id.
type sessions struct {
	mu   sync.Mutex
	byID map[string]*session.Session
	idle chan struct{} // closed while byID is empty
}

func newSessions() *sessions {
	s := &sessions{byID: map[string]*session.Session{}, idle: make(chan struct{})}
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
	s.byID[id] = nil
	return true
}

// put makes the session of a reserved id known.
func (s *sessions) put(id string, session *session.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id] = session
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

// running are the sessions that were started.
func (s *sessions) running() []*session.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*session.Session
	for _, one := range s.byID {
		if one != nil {
			all = append(all, one)
		}
	}
	return all
}

// empty is closed once no egress runs, for the set as it is now.
func (s *sessions) empty() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idle
}
