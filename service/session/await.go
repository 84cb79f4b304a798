package session

import (
	"context"

	"github.com/livekit/protocol/livekit"
)

// step runs fn beside the session's goroutine, which goes on answering messages. A wish to end
// cancels fn's context and is left in s.stop; fn is always waited for.
func (s *Session) step(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		var err error
		if e := s.guard(func() *ending { err = fn(ctx); return nil }); e != nil {
			err = e.err
		}
		result <- err
	}()
	done, limit := ctx.Done(), s.limit.reached()
	for {
		select {
		case err := <-result:
			return err
		case m := <-s.messages:
			s.answer(m)
		case <-done:
			done = nil
			s.end(ReasonShutdown)
		case <-limit:
			limit = nil
			s.end(ReasonLimit)
		}
		if s.stop != nil {
			cancel()
			done = nil
		}
	}
}

// await waits until the source tells the event wanted, or something ends the egress. It returns nil
// for the event wanted; an EventEnded is an ending always.
func (s *Session) await(ctx context.Context, want EventKind) *ending {
	for s.stop == nil {
		select {
		case ev := <-s.source.Events():
			switch {
			case ev.Kind == EventFailed:
				return failure(ev.Err)
			case ev.Kind == EventEnded:
				return &ending{reason: ReasonSource}
			case ev.Kind == want:
				return nil
			case ev.Kind == EventLost:
				s.gap.open(ev.Part, ev.At)
				s.losses.Store(int32(s.gap.lost))
			case ev.Kind == EventRestored:
				s.gap.close(ev.At, true)
			}
		case <-s.recorder.broken():
			return s.recorder.failure()
		case m := <-s.messages:
			s.answer(m)
		case <-s.changes():
			s.streamsChanged()
		case <-s.noStart:
			return &ending{reason: textNoStartSignal}
		case <-s.limit.reached():
			s.end(ReasonLimit)
		case <-s.weigh:
			if s.tooLarge() {
				s.end(ReasonLimit)
			}
		case <-ctx.Done():
			s.end(ReasonShutdown)
		}
	}
	return s.stop
}

// end keeps the first wish to end.
func (s *Session) end(reason string) {
	if s.stop == nil {
		s.stop = &ending{reason: reason}
	}
}

// answer serves one message. Streams are changed when there are any, or when it is known that there will be none.
func (s *Session) answer(m message) {
	if m.do != nil {
		m.do()
		return
	}
	if m.stop != "" {
		s.end(m.stop)
	}
	var err error
	if m.update != nil {
		if s.stop == nil && s.status.info.Status == livekit.EgressStatus_EGRESS_STARTING {
			s.held = append(s.held, m)
			return
		}
		err = s.updateStreams(m.update)
	}
	if m.pause != nil {
		err = s.pauseNow(m.pause)
	}
	if s.stop == nil {
		s.setProgress()
	}
	info := s.status.snapshot()
	if s.stop != nil {
		switch info.Status {
		case livekit.EgressStatus_EGRESS_STARTING:
			info.Status = livekit.EgressStatus_EGRESS_ABORTED
		case livekit.EgressStatus_EGRESS_ACTIVE:
			info.Status = livekit.EgressStatus_EGRESS_ENDING
			info.Details = reasonPrefix + s.stop.reason
		}
	}
	if err != nil {
		info = nil
	}
	m.reply <- answer{info, err}
}

// release answers what had to wait until the egress had started, or would not start.
func (s *Session) release() {
	held := s.held
	s.held = nil
	for _, m := range held {
		s.answer(m)
	}
}
