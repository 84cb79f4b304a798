package session

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
)

// closeWait bounds how long a source may take to go away; what is left after it is killed.
const closeWait = 10 * time.Second

// finish winds the egress down and tells its terminal status. Whatever was recorded is delivered
// before that status, also when the egress failed.
func (s *Session) finish(e *ending) {
	end := time.Now()
	wasActive := s.status.info.Status == livekit.EgressStatus_EGRESS_ACTIVE
	if wasActive && e.reason != ReasonFailure && e.reason != ReasonLimit {
		s.setProgress()
		s.status.ending(e.reason)
	}
	if errors.Is(e.err, rtpfeed.ErrEvicted) {
		s.cede()
	}
	s.stop = e // messages from here on change nothing
	s.release()
	finishErr := s.step(context.Background(), func(context.Context) error { return s.windDown(end) })
	if !wasActive {
		to, text, code := e.starting(s.awaiting)
		s.status.terminal(to, text, code, end)
		return
	}
	s.gap.close(end, false)
	s.account()
	if e.err == nil && finishErr != nil {
		e.err = finishErr
	}
	if s.status.info.Details == "" {
		s.status.detail(reasonPrefix + e.reason)
	}
	s.setResults()
	s.status.detail(s.recorder.note())
	s.status.detail(s.gap.text(s.plan.Format.Video))
	s.status.detail(s.drawingHole())
	to, text, code := e.active()
	s.status.terminal(to, text, code, end)
}

// windDown ends the recording and closes the source while the outputs finish.
func (s *Session) windDown(end time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if s.recorder == nil {
		s.closeSource(ctx)
		s.removeWorkDir()
		return nil
	}
	closed := make(chan struct{})
	s.recorder.stop(end)
	go func() {
		defer close(closed)
		s.closeSource(ctx)
	}()
	all := []error{s.recorder.drain()}
	<-closed
	left := all[0] != nil
	for _, out := range s.recorder.outlets() {
		left = left || out.leftover()
		if !out.spare {
			all = append(all, out.err)
		}
	}
	if !left {
		s.removeWorkDir()
	}
	if err := errors.Join(all...); err != nil {
		return deliveryError(err)
	}
	return nil
}

// cede leaves the egress to the other worker that has taken it over: nothing more is told of it and nothing delivered.
func (s *Session) cede() {
	s.log.Warn("another worker has taken over this egress")
	s.status.onUpdate = func(*livekit.EgressInfo) {}
	if r, ok := s.recorder.(interface{ discard() }); ok {
		r.discard()
	}
}

// removeWorkDir is called when nothing that was recorded is left in it.
func (s *Session) removeWorkDir() {
	if err := os.RemoveAll(s.plan.WorkDir); err != nil {
		s.log.Warn("work dir could not be removed", "dir", s.plan.WorkDir, "error", err)
	}
}

func (s *Session) closeSource(ctx context.Context) {
	if err := s.source.Close(ctx); err != nil {
		s.log.Warn("source did not close cleanly", "error", err)
	}
}

// deliveryError is what the user is told when the recording could not be delivered.
func deliveryError(err error) error {
	var known psrpc.Error
	if errors.As(err, &known) {
		return known
	}
	var full *outputs.QueueFullError
	if errors.As(err, &full) {
		return psrpc.NewError(psrpc.Internal, full)
	}
	return psrpc.NewErrorf(psrpc.Internal, "Local upload failed: %w", err)
}
