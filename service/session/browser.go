package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/plan"
)

var _ ProgrammeSource = (*browserSource)(nil)

// browserSource is a page in Chrome: the room template or the user's own. When the page or what it
// needs dies, it is opened once more in another browser (restart.go).
type browserSource struct {
	plan   *plan.Plan
	pool   *browser.Pool
	told   *slog.Logger // keeps what pages tell; nil = nothing does
	log    *slog.Logger
	events chan Event
	life   context.Context // ends with Close
	end    context.CancelFunc
	wg     sync.WaitGroup // watch, and the closing of dead browsers

	held atomic.Int64 // for how long the picture was held because Chromium could not draw

	restarted error // what made the one restart necessary; watch's, and before it Open's

	mu        sync.Mutex
	browser   *browser.Browser     // the one that is recorded; nil while there is none
	programme *programme.Programme // after Begin
	zero      time.Time            // of the programme
}

func newBrowserSource(p *plan.Plan, pool *browser.Pool, told, log *slog.Logger) *browserSource {
	s := &browserSource{plan: p, pool: pool, told: told, log: log}
	// Each kind of event is told once at most: the buffer keeps watch from blocking.
	s.events = make(chan Event, EventRestored+1)
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

func (s *browserSource) Events() <-chan Event { return s.events }

// Open has Chrome load the page, a second time if something dies meanwhile.
func (s *browserSource) Open(ctx context.Context) error {
	b, err := s.open(ctx, s.plan.Source, s.plan.Browser)
	if died(err) && ctx.Err() == nil {
		b, err = s.reopen(ctx, err)
	}
	if err != nil {
		return pageError(err)
	}
	s.mu.Lock()
	s.browser = b
	s.mu.Unlock()
	s.wg.Go(s.watch)
	return nil
}

// open has a browser that waited, or a new one, load the page. What fails to is closed.
func (s *browserSource) open(ctx context.Context, src plan.Source, o browser.Options) (*browser.Browser, error) {
	url, err := src.PageURL()
	if err != nil {
		return nil, err
	}
	o.Log = s.log
	o.Console = s.console
	o.Held = func(d time.Duration) { s.held.Add(int64(d)) }
	b := s.pool.Take(ctx, o)
	pooled := b != nil
	if !pooled {
		if b, err = browser.Launch(ctx, o); err != nil {
			return nil, err
		}
	}
	s.log.Debug("browser is up", "pooled", pooled, "since", s.plan.Age())
	if err := b.Open(ctx, url, src.AwaitStart); err != nil {
		s.discard(b)
		return nil, err
	}
	s.log.Debug("page is loaded", "since", s.plan.Age())
	return b, nil
}

// console logs what goes wrong in a page, and when the operator asked for it all that the page tells.
func (s *browserSource) console(level, text string) {
	if level == "exception" || s.plan.PageConsole {
		s.log.Debug("page tells", "level", level, "text", text)
	}
	if s.told != nil {
		s.told.Info("page tells", "level", level, "text", text)
	}
}

// discard closes a browser that is of no use any more, beside what goes on.
func (s *browserSource) discard(b *browser.Browser) {
	s.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeWait)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			s.log.Warn("browser did not close cleanly", "error", err)
		}
	})
}

// watch turns what the browser tells into events.
func (s *browserSource) watch() {
	b, started := s.browser, false
	for {
		// Once told, a start is told no more.
		var start <-chan struct{}
		if !started {
			start = b.Started()
		}
		select {
		case <-start:
			started = true
			s.events <- Event{Kind: EventStarted}
		case <-b.Ended():
			s.events <- Event{Kind: EventEnded}
			return
		case <-b.Failed():
			next, err := s.restart(b, started)
			switch {
			case s.life.Err() != nil:
				return
			case err != nil:
				s.events <- Event{Kind: EventFailed, Err: pageError(err)}
				return
			}
			b = next
		case <-s.life.Done():
			return
		}
	}
}

// pageError tells the page's own trouble, which is the caller's to mend, from ours.
func pageError(err error) error {
	var known psrpc.Error
	var page *browser.PageError
	switch {
	case died(err):
	case errors.As(err, &known):
		return err
	case errors.As(err, &page):
		return psrpc.NewError(psrpc.InvalidArgument, err)
	}
	return psrpc.NewError(psrpc.Internal, err)
}

// Begin starts the programme also while the page is being restarted: it goes on as after a loss.
func (s *browserSource) Begin(p *programme.Programme) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.programme, s.zero = p, time.Now()
	if s.browser == nil {
		p.Start(s.zero)
		return s.zero, nil
	}
	zero, err := s.browser.Capture(p)
	if err != nil {
		return time.Time{}, psrpc.NewErrorf(psrpc.Internal, "failed to capture the page: %w", err)
	}
	s.zero = zero
	return zero, nil
}

// Held is for how long the picture was held while Chromium could not draw.
func (s *browserSource) Held() time.Duration { return time.Duration(s.held.Load()) }

// current is the browser that is recorded.
func (s *browserSource) current() *browser.Browser {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.browser
}

func (s *browserSource) End() {
	if b := s.current(); b != nil {
		b.StopCapture()
	}
}

func (s *browserSource) Close(ctx context.Context) error {
	s.end()
	s.wg.Wait()
	if s.browser == nil {
		return nil
	}
	if err := s.browser.Close(ctx); err != nil {
		return fmt.Errorf("close browser: %w", err)
	}
	return nil
}
