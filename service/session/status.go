package session

import (
	"log/slog"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils"
)

// status is the one owner of the egress' EgressInfo. Only the session's goroutine calls it.
type status struct {
	info     *livekit.EgressInfo
	onUpdate func(*livekit.EgressInfo)
	now      func() time.Time
	log      *slog.Logger

	owed string // why an upload is awaited; "" = none is
	low  string // which disk fills; "" = none does
}

// snapshot is a copy that its receiver may keep and change.
func (s *status) snapshot() *livekit.EgressInfo {
	info := utils.CloneProto(s.info)
	if s.low != "" && info.Status == livekit.EgressStatus_EGRESS_ACTIVE {
		info.Details = joinDetails(info.Details, lowPrefix+s.low)
	}
	if s.owed != "" && !Terminal(info.Status) {
		info.Details = joinDetails(info.Details, pendingPrefix+s.owed)
	}
	return info
}

// pending tells why an upload is awaited: in details, as long as that is so. The egress is ENDING then.
func (s *status) pending(reason string) {
	if s.owed == reason {
		return
	}
	s.owed = reason
	if s.info.Status == livekit.EgressStatus_EGRESS_ACTIVE && !s.move(livekit.EgressStatus_EGRESS_ENDING) {
		return
	}
	s.info.UpdatedAt = s.now().UnixNano()
	s.onUpdate(s.snapshot())
}

// pendingPrefix begins the detail of an upload that is awaited.
const pendingPrefix = "Upload pending: "

func joinDetails(details, more string) string {
	if details == "" {
		return more
	}
	return details + "; " + more
}

// move makes the transition and tells it. An illegal one is logged and ignored: a terminal status
// absorbs whatever comes later.
func (s *status) move(to livekit.EgressStatus) bool {
	if !allowed(s.info.Status, to) {
		s.log.Error("illegal status transition ignored", "from", s.info.Status, "to", to)
		return false
	}
	s.info.Status = to
	s.info.UpdatedAt = s.now().UnixNano()
	return true
}

func (s *status) active() {
	if s.move(livekit.EgressStatus_EGRESS_ACTIVE) {
		s.onUpdate(s.snapshot())
	}
}

// again tells a state in which only the results have changed.
func (s *status) again() {
	if s.info.Status == livekit.EgressStatus_EGRESS_ACTIVE {
		s.info.UpdatedAt = s.now().UnixNano()
		s.onUpdate(s.snapshot())
	}
}

// fills tells that a disk fills, for as long as it is recorded; "" = none does any more.
func (s *status) fills(low string) {
	if s.low != low {
		s.low = low
		s.again()
	}
}

// ending announces that the egress winds down; details keep the first reason.
func (s *status) ending(reason string) {
	if s.move(livekit.EgressStatus_EGRESS_ENDING) {
		s.detail(reasonPrefix + reason)
		s.onUpdate(s.snapshot())
	}
}

// terminal makes the last transition. endedAt is when the egress' end began to take effect.
func (s *status) terminal(to livekit.EgressStatus, text string, code int32, endedAt time.Time) {
	if !s.move(to) {
		return
	}
	s.info.Error = text
	s.info.ErrorCode = code
	s.info.EndedAt = endedAt.UnixNano()
	s.onUpdate(s.snapshot())
}

// reason adds the reason of the end to the details unless they have one.
func (s *status) reason(reason string) {
	if !strings.Contains(s.info.Details, reasonPrefix) {
		s.detail(reasonPrefix + reason)
	}
}

// detail adds a sentence to the details.
func (s *status) detail(text string) {
	if text != "" {
		s.info.Details = joinDetails(s.info.Details, text)
	}
}
