package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/plan"
)

var _ Source = (*browserSource)(nil)

// browserSource is a page in Chrome: the room template or the user's own.
type browserSource struct {
	plan    *plan.Plan
	pool    *browser.Pool
	log     *slog.Logger
	events  chan Event
	browser *browser.Browser
	quit    chan struct{}
}

func newBrowserSource(p *plan.Plan, pool *browser.Pool, log *slog.Logger) *browserSource {
	// Three kinds of event, each told once at most: the buffer keeps watch from blocking.
	return &browserSource{plan: p, pool: pool, log: log, events: make(chan Event, 3), quit: make(chan struct{})}
}

func (s *browserSource) Events() <-chan Event { return s.events }

// Open launches Chrome and loads the page.
func (s *browserSource) Open(ctx context.Context) error {
	url, err := s.plan.Source.PageURL()
	if err != nil {
		return err
	}
	o := s.plan.Browser
	o.Log = s.log
	s.browser = s.pool.Take(ctx, o)
	pooled := s.browser != nil
	if !pooled {
		if s.browser, err = browser.Launch(ctx, o); err != nil {
			return psrpc.NewError(psrpc.Internal, err)
		}
	}
	s.log.Debug("browser is up", "pooled", pooled, "since", s.plan.Age())
	if err := s.browser.Open(ctx, url, s.plan.Source.AwaitStart); err != nil {
		return pageError(err)
	}
	s.log.Debug("page is loaded", "since", s.plan.Age())
	go s.watch()
	return nil
}

// watch turns what the browser tells into events.
func (s *browserSource) watch() {
	started, ended := s.browser.Started(), s.browser.Ended()
	for {
		select {
		case <-started:
			started = nil
			s.events <- Event{Kind: EventStarted}
		case <-ended:
			s.events <- Event{Kind: EventEnded}
			return
		case <-s.browser.Failed():
			s.events <- Event{Kind: EventFailed, Err: pageError(s.browser.Err())}
			return
		case <-s.quit:
			return
		}
	}
}

// pageError tells the page's own trouble, which is the caller's to mend, from ours.
func pageError(err error) error {
	var page *browser.PageError
	if errors.As(err, &page) {
		return psrpc.NewError(psrpc.InvalidArgument, err)
	}
	return psrpc.NewError(psrpc.Internal, err)
}

func (s *browserSource) Begin(p *programme.Programme) (time.Time, error) {
	zero, err := s.browser.Capture(p)
	if err != nil {
		return time.Time{}, psrpc.NewErrorf(psrpc.Internal, "failed to capture the page: %w", err)
	}
	return zero, nil
}

func (s *browserSource) End() {
	if s.browser != nil {
		s.browser.StopCapture()
	}
}

func (s *browserSource) Close(ctx context.Context) error {
	close(s.quit)
	if s.browser == nil {
		return nil
	}
	if err := s.browser.Close(ctx); err != nil {
		return fmt.Errorf("close browser: %w", err)
	}
	return nil
}
