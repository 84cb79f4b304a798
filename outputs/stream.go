package outputs

import (
	"context"
	"crypto/x509"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// streamDrain bounds how long what is queued may take to be sent after the end.
const streamDrain = 5 * time.Second

// Stream sends the hub's media to one RTMP or SRT server while it is made. It begins on a keyframe; when the server is
// slow it drops to the next; when the server is lost it tries again, each time with times near zero. It never holds up
// the hub.
type Stream struct {
	Hub      *Hub
	FFmpeg   string // executable that sends
	URL      StreamURL
	Window   time.Duration  // for which it is tried again; 0 = DefaultStreamWindow
	MaxQueue int64          // bytes that may wait for the server; 0 = 4 MiB
	Roots    *x509.CertPool // whom to trust; nil = the system's
	// Changed is called when State has changed, from any goroutine; it must not block. nil = nobody wants to know.
	Changed func()
	Log     *slog.Logger // nil discards

	stop    context.CancelFunc // ends it at once
	leave   context.CancelFunc // ends it by and by, though the hub goes on
	leaving context.Context
	ended   chan struct{} // the sending goroutine is gone
	failed  chan struct{} // closed before ended when it failed by itself

	pid atomic.Int64 // of the child that sends; 0 while there is none

	mu    sync.Mutex
	state StreamState
}

var _ Output = (*Stream)(nil)

// StreamState is how a stream stands.
type StreamState struct {
	Started   time.Time // when a server first took it; zero = none has
	Ended     time.Time // zero = it goes on
	Sending   bool      // a server takes it now
	Retries   int       // tries after the first
	LastRetry time.Time
	Dropped   int64 // fragments that a slow server did not get
	Err       error // why it failed; nil = it goes on, or ended well
}

// Start begins. It does not wait for the server and does not fail.
func (s *Stream) Start(ctx context.Context) error {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	s.Log = s.Log.With("stream", s.URL)
	if s.Window <= 0 {
		s.Window = DefaultStreamWindow
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.leaving, s.leave = context.WithCancel(ctx)
	s.ended, s.failed = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(s.ended)
		err := s.run(ctx)
		s.change(func(st *StreamState) { st.Sending, st.Err, st.Ended = false, err, time.Now() })
		if err != nil {
			s.Log.Warn("stream failed", "error", err)
			close(s.failed)
		}
	}()
	return nil
}

// Begin changes nothing: a stream's times count from its own beginning.
func (s *Stream) Begin(time.Time) {}

// Done closes when the stream was given up.
func (s *Stream) Done() <-chan struct{} { return s.failed }

// PID is the process that sends now; 0 while there is none.
func (s *Stream) PID() int { return int(s.pid.Load()) }

// Progress is for how long the stream has been there.
func (s *Stream) Progress() Result { return s.State().result(time.Now()) }

// State is how the stream stands now.
func (s *Stream) State() StreamState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *Stream) change(f func(*StreamState)) {
	s.mu.Lock()
	f(&s.state)
	s.mu.Unlock()
	if s.Changed != nil {
		s.Changed()
	}
}

// Finish waits until what is queued was sent, five seconds at most; the end of ctx takes the stream out at once, with a
// farewell to the server. Its error is why the stream failed.
func (s *Stream) Finish(ctx context.Context) (Result, error) {
	patience := time.NewTimer(streamDrain + closeTimeout)
	defer patience.Stop()
	select {
	case <-s.ended:
	case <-patience.C:
	case <-ctx.Done():
		s.leave()
		select {
		case <-s.ended:
		case <-patience.C:
		}
	}
	s.stop()
	<-s.ended
	st := s.State()
	return st.result(st.Ended), st.Err
}

func (st StreamState) result(now time.Time) Result {
	switch {
	case st.Started.IsZero():
		return Result{}
	case !st.Ended.IsZero():
		now = st.Ended
	}
	return Result{Duration: now.Sub(st.Started)}
}

// run sends until the end of the hub, of leaving or of ctx. Its error is that the stream was given up.
func (s *Stream) run(ctx context.Context) error {
	if !s.awaitMedia() {
		return nil
	}
	retry := streamRetry{window: s.Window}
	for {
		began := time.Now()
		taken, err := s.try(ctx)
		s.change(func(st *StreamState) { st.Sending = false })
		ever := !s.State().Started.IsZero()
		switch {
		case err == nil, s.leaving.Err() != nil:
			return nil
		case final(err, ever):
			return err
		}
		now := time.Now()
		wait, ok := retry.next(now, began, taken)
		if !ok {
			return err
		}
		s.Log.Warn("stream lost, trying again", "error", err, "taken", taken, "in", wait)
		again := time.NewTimer(wait)
		select {
		case <-again.C:
		case <-s.leaving.Done():
			again.Stop()
			return nil
		case <-s.Hub.Done():
			again.Stop()
			if !ever { // nobody has seen anything of it
				return err
			}
			return nil
		}
		s.change(func(st *StreamState) { st.Retries, st.LastRetry = st.Retries+1, time.Now() })
	}
}

// awaitMedia waits until there is something to send: servers hang up on those who connect and are silent.
func (s *Stream) awaitMedia() bool {
	sub := s.Hub.Subscribe(s.name(), Live{s.MaxQueue})
	defer sub.Close()
	for {
		f, err := sub.Next(s.leaving)
		if err != nil {
			return false
		}
		if !f.Init {
			return true
		}
	}
}

func (s *Stream) name() string { return "stream " + s.URL.String() }

// taken notes that the server takes the stream.
func (s *Stream) taken() {
	now := time.Now()
	s.change(func(st *StreamState) {
		st.Sending = true
		if st.Started.IsZero() {
			st.Started = now
		}
	})
	s.Log.Info("stream is taken")
}
