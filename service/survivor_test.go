package service

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/lease"
)

// TestSurvivorKnows: only what runs is worth speaking for.
func TestSurvivorKnows(t *testing.T) {
	for _, c := range []struct {
		name string
		io   *fakeIO
		want error
	}{
		{"runs", &fakeIO{seen: []livekit.EgressStatus{active}}, nil},
		{"has ended", &fakeIO{seen: []livekit.EgressStatus{active, complete}}, lease.ErrNone},
		{"unknown", &fakeIO{}, lease.ErrNone},
		{"nobody answers", &fakeIO{hang: true}, errUnheard},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &survivor{service: &Service{reporter: newReporter(c.io, time.Second, slog.New(slog.DiscardHandler))}}
			info, err := s.Known(t.Context(), "EG_1")
			switch {
			case c.want == nil && (err != nil || info.EgressId != "EG_1"),
				errors.Is(c.want, lease.ErrNone) != errors.Is(err, lease.ErrNone),
				c.want != nil && err == nil:
				t.Errorf("%s: %v, %v", c.name, info, err)
			}
		})
	}
}

// TestStrayIsNoTarget: a change of streams is refused with an answer that is not tried again.
func TestStrayIsNoTarget(t *testing.T) {
	_, err := (&stray{}).UpdateStream(t.Context(), &livekit.UpdateStreamRequest{})
	var e psrpc.Error
	if !errors.As(err, &e) || e.Code() != psrpc.FailedPrecondition {
		t.Errorf("%v", err)
	}
}
