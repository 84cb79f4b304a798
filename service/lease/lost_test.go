package lease

import (
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

func TestLost(t *testing.T) {
	heard, now := time.Unix(100, 0), time.Unix(220, 0)
	for _, c := range []struct {
		name   string
		status livekit.EgressStatus
		was    string
		text   string
		want   string
	}{
		{"starting", livekit.EgressStatus_EGRESS_STARTING, "", textLostEarly, "End reason: Failure"},
		{"active", livekit.EgressStatus_EGRESS_ACTIVE, "", textLost, "End reason: Failure"},
		{"stopped", livekit.EgressStatus_EGRESS_ENDING, "End reason: StopEgress API", textLost, "End reason: StopEgress API"},
		{
			"uploading", livekit.EgressStatus_EGRESS_ENDING, "End reason: Source closed; Upload pending: no route", textLost,
			"End reason: Source closed",
		},
		{
			"resumed before", livekit.EgressStatus_EGRESS_ACTIVE, "Resumed on another node: x", textLost,
			"Resumed on another node: x; End reason: Failure",
		},
		{"uploading, no reason", livekit.EgressStatus_EGRESS_ENDING, "Upload pending: no route", textLost, "End reason: Failure"},
	} {
		was := &livekit.EgressInfo{
			EgressId: "EG_1", Status: c.status, Details: c.was, StartedAt: 7,
			FileResults:   []*livekit.FileInfo{{Filename: "a.ogg", StartedAt: 8}},
			StreamResults: []*livekit.StreamInfo{{Status: livekit.StreamInfo_ACTIVE}, {Status: livekit.StreamInfo_FINISHED, EndedAt: 9}},
		}
		before := proto.Clone(was)
		got := Lost(was, heard, now)
		if !proto.Equal(before, was) {
			t.Errorf("%s: the info was changed", c.name)
		}
		if got.Status != livekit.EgressStatus_EGRESS_FAILED || got.Error != c.text || got.ErrorCode != 500 || got.Details != c.want {
			t.Errorf("%s: %v %d %q %q", c.name, got.Status, got.ErrorCode, got.Error, got.Details)
		}
		if got.EndedAt != heard.UnixNano() || got.UpdatedAt != now.UnixNano() || got.StartedAt != 7 || got.FileResults[0].StartedAt != 8 {
			t.Errorf("%s: times of %v", c.name, got)
		}
		s := got.StreamResults
		if s[0].Status != livekit.StreamInfo_FAILED || s[0].EndedAt != heard.UnixNano() || s[1].Status != livekit.StreamInfo_FINISHED || s[1].EndedAt != 9 {
			t.Errorf("%s: streams %v", c.name, s)
		}
	}
}
