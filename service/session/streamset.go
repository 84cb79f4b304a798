package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

// streamSet is the streams of one egress, as one of its outputs: they come and go while it runs.
type streamSet struct {
	hub    *outputs.Hub         // of what is encoded
	sound  *programme.Programme // of WebSockets
	ffmpeg string
	asking context.Context // ends when nobody waits for the beginning any more
	plan   plan.Streams
	alone  bool // nothing else is made of the recording
	debug  *debugFiles
	log    *slog.Logger

	ctx     context.Context
	changed chan struct{}  // one token: some stream's state is another
	leaving sync.WaitGroup // those that are taken out

	mu  sync.Mutex
	all []*member // also those that are over
}

// member is one stream of the set.
type member struct {
	url     outputs.StreamURL
	stream  sender
	removed time.Time // zero = it was not
}

// sender is a stream of any protocol.
type sender interface {
	outputs.Output
	State() outputs.StreamState
	PID() int // of the child that sends; 0 = there is none
}

var (
	_ outputs.Output = (*streamSet)(nil)
	_ sender         = (*outputs.Stream)(nil)
	_ sender         = (*outputs.WebSocket)(nil)
)

// over tells whether the stream has ended or was taken out.
func (m *member) over() bool { return !m.removed.IsZero() || !m.stream.State().Ended.IsZero() }

func (s *streamSet) Start(ctx context.Context) error {
	s.ctx = ctx
	for _, u := range s.plan.URLs {
		if err := s.add(u); err != nil {
			_, _ = s.Finish(ctx)
			return err
		}
	}
	return nil
}

// Begin changes nothing: a stream's times count from its own beginning.
func (s *streamSet) Begin(time.Time) {}

// Done never closes: the session looks at the streams whenever they change.
func (s *streamSet) Done() <-chan struct{} { return nil }

// Progress tells nothing: each stream has a state of its own.
func (s *streamSet) Progress() outputs.Result { return outputs.Result{} }

func (s *streamSet) members() []*member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// find is the stream of a url that is not over; nil = there is none.
func (s *streamSet) find(u outputs.StreamURL) *member {
	for _, m := range s.members() {
		if m.url.Same(u) && !m.over() {
			return m
		}
	}
	return nil
}

// add begins to stream to one more server.
func (s *streamSet) add(u outputs.StreamURL) error {
	m := &member{url: u}
	s.mu.Lock()
	log := s.debug.beside(s.log, fmt.Sprintf("stream-%d.log", len(s.all)+1))
	s.mu.Unlock()
	if u.Protocol == outputs.PCM {
		m.stream = &outputs.WebSocket{URL: u.Socket, Programme: s.sound, Window: s.plan.Window, Changed: s.change, Log: log.With("stream", u)}
		if err := m.stream.Start(s.asking); err != nil {
			return psrpc.NewErrorf(psrpc.InvalidArgument, "stream %s: %w", u, err)
		}
	} else {
		m.stream = &outputs.Stream{
			Hub: s.hub, FFmpeg: s.ffmpeg, URL: u, MaxQueue: s.plan.MaxQueue, Window: s.plan.Window, Changed: s.change, Log: log,
		}
		if err := m.stream.Start(s.ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, m)
	return nil
}

func (s *streamSet) change() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// remove takes a stream out; its farewell to the server goes on by itself.
func (s *streamSet) remove(m *member, now time.Time) {
	m.removed = now
	s.leaving.Go(func() {
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		_, _ = m.stream.Finish(ctx) // its state tells
	})
}

// live is how many streams are not over.
func (s *streamSet) live() int {
	n := 0
	for _, m := range s.members() {
		if !m.over() {
			n++
		}
	}
	return n
}

// failure is why no stream is left, if the last one failed and was not taken out.
func (s *streamSet) failure() error {
	var last *member
	for _, m := range s.members() {
		switch {
		case !m.over() || m.removed.IsZero() && m.stream.State().Err == nil:
			return nil
		case last == nil || m.ended().After(last.ended()):
			last = m
		}
	}
	if last == nil || !last.removed.IsZero() {
		return nil
	}
	return psrpc.NewErrorf(psrpc.Unavailable, "stream %s: %w", last.url, last.stream.State().Err)
}

func (m *member) ended() time.Time {
	if !m.removed.IsZero() {
		return m.removed
	}
	return m.stream.State().Ended
}

// Finish ends the streams. Its error is that all have failed, where nothing else was made; it leaves nothing behind.
func (s *streamSet) Finish(ctx context.Context) (outputs.Result, error) {
	var ending sync.WaitGroup
	for _, m := range s.members() {
		if m.removed.IsZero() {
			ending.Go(func() { _, _ = m.stream.Finish(ctx) })
		}
	}
	ending.Wait()
	s.leaving.Wait()
	if err := s.failure(); err != nil && s.alone {
		return outputs.Result{}, errors.Join(outputs.ErrNothing, err)
	}
	return outputs.Result{}, nil
}
