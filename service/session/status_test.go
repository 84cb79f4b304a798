package session

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"
)

func newTestStatus(told *[]livekit.EgressStatus) *status {
	return &status{
		info:     &livekit.EgressInfo{EgressId: "EG_1"},
		onUpdate: func(i *livekit.EgressInfo) { *told = append(*told, i.Status) },
		now:      func() time.Time { return time.Unix(100, 0) },
		log:      slog.New(slog.DiscardHandler),
	}
}

func TestTerminalStatusAbsorbs(t *testing.T) {
	var told []livekit.EgressStatus
	s := newTestStatus(&told)
	s.active()
	s.ending(ReasonAPI)
	s.terminal(livekit.EgressStatus_EGRESS_COMPLETE, "", 0, time.Unix(99, 0))
	s.active()
	s.ending(ReasonSource)
	s.terminal(livekit.EgressStatus_EGRESS_FAILED, "late", 500, time.Unix(101, 0))
	want := []livekit.EgressStatus{
		livekit.EgressStatus_EGRESS_ACTIVE, livekit.EgressStatus_EGRESS_ENDING, livekit.EgressStatus_EGRESS_COMPLETE,
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if s.info.Error != "" || s.info.EndedAt != time.Unix(99, 0).UnixNano() {
		t.Errorf("the terminal status changed: %v", s.info)
	}
	if s.info.Details != "End reason: StopEgress API" {
		t.Errorf("details %q keep not the first reason", s.info.Details)
	}
}

func TestTransitions(t *testing.T) {
	for from := range livekit.EgressStatus_name {
		for to := range livekit.EgressStatus_name {
			from, to := livekit.EgressStatus(from), livekit.EgressStatus(to)
			if Terminal(from) && allowed(from, to) {
				t.Errorf("%v → %v leaves a terminal state", from, to)
			}
			if allowed(from, to) && to <= from {
				t.Errorf("%v → %v goes back", from, to)
			}
		}
	}
}

func TestEndings(t *testing.T) {
	coded := psrpc.NewErrorf(psrpc.InvalidArgument, "page load error: 404 Not Found")
	for _, c := range []struct {
		name   string
		end    ending
		active bool
		await  bool
		status livekit.EgressStatus
		text   string
		code   int32
	}{
		{"stopped", ending{reason: ReasonAPI}, true, false, livekit.EgressStatus_EGRESS_COMPLETE, "", 0},
		{"source ended", ending{reason: ReasonSource}, true, false, livekit.EgressStatus_EGRESS_COMPLETE, "", 0},
		{"limit", ending{reason: ReasonLimit}, true, false, livekit.EgressStatus_EGRESS_LIMIT_REACHED, "Session limit reached", 413},
		{"coded failure", *failure(coded), true, false, livekit.EgressStatus_EGRESS_FAILED, "page load error: 404 Not Found", 400},
		{"plain failure", *failure(errors.New("boom")), true, false, livekit.EgressStatus_EGRESS_FAILED, "boom", 0},
		{"failure before start", *failure(coded), false, false, livekit.EgressStatus_EGRESS_FAILED, "page load error: 404 Not Found", 400},
		{"stopped while opening", ending{reason: ReasonAPI}, false, false, livekit.EgressStatus_EGRESS_ABORTED, "Stop called before pipeline could start", 412},
		{"stopped while awaiting", ending{reason: ReasonAPI}, false, true, livekit.EgressStatus_EGRESS_ABORTED, "Start signal not received", 412},
		{"limit while opening", ending{reason: ReasonLimit}, false, false, livekit.EgressStatus_EGRESS_ABORTED, "Session limit reached before start signal", 412},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, text, code := c.end.active()
			if !c.active {
				status, text, code = c.end.starting(c.await)
			}
			if status != c.status || text != c.text || code != c.code {
				t.Errorf("got %v %q %d, want %v %q %d", status, text, code, c.status, c.text, c.code)
			}
		})
	}
}
