package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

// ReasonStreams ends an egress of streams when the last one was taken out.
const ReasonStreams = "All streams stopped"

var errNotStreaming = psrpc.NewErrorf(psrpc.InvalidArgument, "UpdateStream called on non-streaming egress")

// streamUpdate is a wish to add and take out streams. Errors are those of urls that mean nothing.
type streamUpdate struct {
	add, remove []outputs.StreamURL
	errs        []error
}

// UpdateStream adds streams, then takes others out, and returns the info as it stands then. What can be done is done
// also when there are errors. While the egress starts it waits.
func (s *Session) UpdateStream(ctx context.Context, add, remove []string) (*livekit.EgressInfo, error) {
	protocol := s.plan.Streams.Protocol
	if protocol == "" || protocol == outputs.PCM {
		return nil, errNotStreaming
	}
	var u streamUpdate
	parse := func(list []string) (urls []outputs.StreamURL) {
		for _, raw := range list {
			url, err := plan.StreamURL(raw, protocol)
			if err != nil {
				u.errs = append(u.errs, err)
				continue
			}
			urls = append(urls, url)
		}
		return urls
	}
	u.add, u.remove = parse(add), parse(remove)
	for i, url := range u.add {
		u.add[i] = s.ingests.Resolve(ctx, url)
	}
	return s.ask(ctx, message{update: &u})
}

// updateStreams does what can be done. Its error joins those of all urls, with the code of the first.
func (s *Session) updateStreams(u *streamUpdate) error {
	if s.streams == nil || s.stop != nil {
		return ErrOver
	}
	set, errs := s.streams.set, u.errs
	for _, url := range u.add {
		if set.find(url) != nil {
			continue // it is there already
		}
		if err := set.add(url); err != nil {
			errs = append(errs, err)
			continue
		}
		s.log.Info("stream added", "stream", url)
	}
	for _, url := range u.remove {
		m := set.find(url)
		if m == nil {
			errs = append(errs, plan.ErrStreamNotFound(url))
			continue
		}
		set.remove(m, time.Now())
		s.log.Info("stream taken out", "stream", url)
	}
	s.streamsChanged()
	return joinTyped(errs)
}

// streamsChanged notes how the streams stand, tells it, and ends an egress that had nothing else and has none left.
func (s *Session) streamsChanged() {
	r := s.streams
	r.sync()
	if r.set.alone && r.set.live() == 0 && s.stop == nil {
		if err := r.set.failure(); err != nil {
			s.stop = failure(err)
		} else {
			s.end(ReasonStreams)
		}
		return // the end tells it
	}
	if r.due() {
		s.status.again()
	}
}

// changes has a token when streams have changed; nil when there are none.
func (s *Session) changes() <-chan struct{} {
	if s.streams == nil {
		return nil
	}
	return s.streams.set.changed
}

func joinTyped(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	code, texts := psrpc.Unknown, []string(nil)
	for _, err := range errs {
		var known psrpc.Error
		if code == psrpc.Unknown && errors.As(err, &known) {
			code = known.Code()
		}
		texts = append(texts, err.Error())
	}
	return psrpc.NewErrorf(code, "%s", strings.Join(texts, "\n"))
}
