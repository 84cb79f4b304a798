package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe"
)

// A page is restarted once in the life of an egress: what dies twice will die again, and each time
// the page begins anew.
const (
	// restartWait bounds launch and load of the restart: the recording shows a still meanwhile.
	restartWait = 30 * time.Second
	// restartSignalWait is how long a room's page may take to ask for the recording again. In a room
	// that everybody has left meanwhile it never does; then what it shows is recorded.
	restartSignalWait = 10 * time.Second
)

// died tells the death of a part of the browser from all other failures.
func died(err error) bool {
	var part *browser.PartError
	var exit *ffpipe.ExitError
	return errors.As(err, &part) || errors.As(err, &exit)
}

// reopen opens the page for the second and last time, as a new participant of the same identity:
// livekit-server sends away the one that was there.
func (s *browserSource) reopen(ctx context.Context, cause error) (*browser.Browser, error) {
	s.restarted = cause
	s.log.Warn("page is lost, it is opened again", "part", partOf(cause), "error", cause)
	src, err := s.plan.Source.Renewed()
	if err == nil {
		o := s.plan.Browser
		o.Dir += "-2" // the first is still being cleared away
		var b *browser.Browser
		if b, err = s.open(ctx, src, o); err == nil {
			return b, nil
		}
	}
	return nil, s.given(cause, err)
}

// given is the truthful end: it names what died and what became of the restart.
func (s *browserSource) given(cause, err error) error {
	if cause.Error() == err.Error() {
		return fmt.Errorf("%w, again after a restart", cause)
	}
	return fmt.Errorf("%w; restart failed: %w", cause, err)
}

// restart replaces a dead browser and lets the programme go on with the new one. recording tells that
// the page had asked for it.
func (s *browserSource) restart(dead *browser.Browser, recording bool) (*browser.Browser, error) {
	cause, since := dead.Err(), dead.FailedSince()
	if s.restarted != nil {
		return nil, fmt.Errorf("%w (the page was restarted once before: %v)", cause, s.restarted)
	}
	if !died(cause) {
		return nil, cause // the page itself says that it has failed
	}
	s.mu.Lock()
	s.browser = nil
	s.mu.Unlock()
	dead.StopCapture()
	s.discard(dead)
	s.events <- Event{Kind: EventLost, Part: partOf(cause), At: since}
	ctx, cancel := context.WithTimeout(s.life, restartWait)
	defer cancel()
	b, err := s.reopen(ctx, cause)
	if err == nil && recording {
		if err = s.awaitAgain(b); err != nil {
			s.discard(b)
			err = s.given(cause, err)
		}
	}
	if err != nil {
		return nil, err
	}
	return b, s.resume(b)
}

// awaitAgain waits until the page asks for the recording, if it is one that does.
func (s *browserSource) awaitAgain(b *browser.Browser) error {
	wait := s.plan.Source.StartTimeout
	if s.plan.Source.InRoom() {
		wait = restartSignalWait
	}
	var late <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-b.Started():
	case <-b.Ended(): // for watch to tell
	case <-b.Failed():
		return b.Err()
	case <-s.life.Done():
		return s.life.Err()
	case <-late:
		if !s.plan.Source.InRoom() {
			return psrpc.NewErrorf(psrpc.FailedPrecondition, textNoStartSignal)
		}
	}
	return nil
}

// resume makes b the browser that is recorded.
func (s *browserSource) resume(b *browser.Browser) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.browser = b
	at := time.Now()
	if s.programme != nil {
		var err error
		if at, err = b.Resume(s.programme, s.zero); err != nil {
			return fmt.Errorf("failed to capture the page: %w", err)
		}
	}
	s.log.Info("page is back", "part", partOf(s.restarted))
	s.events <- Event{Kind: EventRestored, At: at}
	return nil
}

// partOf names what has died.
func partOf(err error) string {
	var part *browser.PartError
	if errors.As(err, &part) {
		return part.Part
	}
	return "chromium" // it did not get as far as to have parts
}
