package session

import (
	"context"
	"sync"
)

// openBeside opens the source while other things are made ready. What it returns waits for that and tells the error; a
// second call does nothing.
func (s *Session) openBeside(ctx context.Context) func() error {
	opened := make(chan error, 1)
	go func() {
		var err error
		if e := s.guard(func() *ending { err = s.source.Open(ctx); return nil }); e != nil {
			err = e.err
		}
		opened <- err
	}()
	return sync.OnceValue(func() error { return <-opened })
}
