package lease

import (
	"net/http"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils"
)

// Error texts of egresses whose node is gone.
const (
	textLost      = "the node that recorded this egress is gone; what was recorded is kept there, and delivered if it comes back"
	textLostEarly = "the node of this egress is gone; nothing was recorded"

	textNotResumed = "; it could not be resumed: "
)

const (
	reasonPrefix   = "End reason: "
	failureDetails = reasonPrefix + "Failure"
	pendingDetails = "Upload pending: " // what was awaited is nobody's business any more
)

// Lost is the end of an egress whose node gave its last sign of life at heard.
func Lost(info *livekit.EgressInfo, heard, now time.Time) *livekit.EgressInfo {
	info = utils.CloneProto(info)
	info.Error = textLost
	if info.Status == livekit.EgressStatus_EGRESS_STARTING {
		info.Error = textLostEarly
	}
	info.Status, info.ErrorCode = livekit.EgressStatus_EGRESS_FAILED, http.StatusInternalServerError
	info.EndedAt, info.UpdatedAt = heard.UnixNano(), now.UnixNano()
	details, _, _ := strings.Cut(info.Details, pendingDetails)
	info.Details = strings.TrimSuffix(details, "; ")
	if !strings.Contains(info.Details, reasonPrefix) {
		info.Details = strings.TrimPrefix(info.Details+"; "+failureDetails, "; ")
	}
	for _, s := range info.StreamResults {
		if s.Status == livekit.StreamInfo_ACTIVE {
			s.Status, s.EndedAt = livekit.StreamInfo_FAILED, heard.UnixNano()
		}
	}
	return info
}
