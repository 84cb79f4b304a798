package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/plan"
)

var (
	errNotActive    = psrpc.NewErrorf(psrpc.FailedPrecondition, "egress is not active")
	errPaused       = psrpc.NewErrorf(psrpc.FailedPrecondition, "egress is paused")
	errNotPaused    = psrpc.NewErrorf(psrpc.FailedPrecondition, "egress is not paused")
	errPauseTrack   = psrpc.NewErrorf(psrpc.InvalidArgument, "a track that is recorded as it comes cannot be paused")
	errCutStreaming = psrpc.NewErrorf(psrpc.InvalidArgument, "an egress with streams cannot be cut: pause it with a slate")
)

// pauseWish asks for a pause or for its end.
type pauseWish struct {
	mode   programme.PauseMode
	resume bool
	at     time.Time
}

// CheckPause tells whether an egress could be paused so at all. The error is psrpc's.
func CheckPause(p *plan.Plan, mode programme.PauseMode) error {
	switch {
	case p.Passthrough:
		return errPauseTrack
	case mode == programme.Cut && p.Live():
		return errCutStreaming
	}
	return nil
}

// Pause has the recording show a slate and be silent from now on, or leaves the time out, until Resume. It returns the
// info as it stands. Errors are psrpc's: the egress cannot be paused so, is paused already, or is not active.
func (s *Session) Pause(ctx context.Context, mode programme.PauseMode) (*livekit.EgressInfo, error) {
	if err := CheckPause(s.plan, mode); err != nil {
		return nil, err
	}
	return s.ask(ctx, message{pause: &pauseWish{mode: mode, at: time.Now()}})
}

// Resume ends the pause. Errors are psrpc's: the egress is not paused, or not active.
func (s *Session) Resume(ctx context.Context) (*livekit.EgressInfo, error) {
	return s.ask(ctx, message{pause: &pauseWish{resume: true, at: time.Now()}})
}

// pauseNow does what was asked for. What is cut does not count for the limit of the duration.
func (s *Session) pauseNow(w *pauseWish) error {
	if !s.recording || s.stop != nil { // the recorder is somebody else's before
		return errNotActive
	}
	p, ok := s.recorder.(*pipeline)
	if !ok {
		return errNotActive
	}
	s.kept.drop() // it has what is not to be seen
	var err error
	if w.resume {
		if err = p.programme.Resume(w.at); err == nil {
			s.limit.run(w.at)
		}
	} else if err = p.programme.Pause(w.at, w.mode); err == nil && w.mode == programme.Cut {
		s.limit.hold(w.at)
	}
	switch {
	case errors.Is(err, programme.ErrPaused):
		return errPaused
	case errors.Is(err, programme.ErrNotPaused):
		return errNotPaused
	case err != nil:
		return errNotActive
	}
	s.log.Info("egress paused or resumed", "paused", !w.resume, "mode", w.mode)
	return nil
}

// pauseNote tells of the pauses of a recording; "" when there were none.
func pauseNote(st programme.PauseStats) string {
	if st.Times == 0 {
		return ""
	}
	var parts []string
	if st.Slate > 0 {
		parts = append(parts, fmt.Sprintf("%.1f s of slate", st.Slate.Seconds()))
	}
	if st.Cut > 0 {
		parts = append(parts, fmt.Sprintf("%.1f s left out", st.Cut.Seconds()))
	}
	times := "once"
	if st.Times > 1 {
		times = fmt.Sprintf("%d times", st.Times)
	}
	if len(parts) == 0 {
		return "Paused " + times
	}
	return "Paused " + times + ", " + strings.Join(parts, " and ")
}
