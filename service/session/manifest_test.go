package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
)

// TestManifest: what of a request and of its files is told, and that nothing empty is.
func TestManifest(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600e6, time.FixedZone("", 3600))
	there := func(name string) outputs.Delivered { return outputs.Delivered{Location: "https://b/" + name, Size: 7} }
	info := func(change func(*livekit.EgressInfo)) *livekit.EgressInfo {
		i := &livekit.EgressInfo{EgressId: "EG_1", Status: livekit.EgressStatus_EGRESS_COMPLETE, StartedAt: 1, EndedAt: 2}
		change(i)
		return i
	}
	const head = `"egress_id":"EG_1","started_at":1,"ended_at":2`
	for _, c := range []struct {
		name string
		info *livekit.EgressInfo
		made func(*made)
		want string // what stands before our own part
	}{
		{"a page", info(func(i *livekit.EgressInfo) {
			i.Request = &livekit.EgressInfo_Web{Web: &livekit.WebEgressRequest{Url: "http://x/"}}
		}), func(m *made) { m.note(madeFile, "a/x.mp4", there("a/x.mp4"), "ab") },
			`"egress_id":"EG_1","url":"http://x/","started_at":1,"ended_at":2,"files":[{"filename":"a/x.mp4","location":"https://b/a/x.mp4"}]`},
		{"a room", info(func(i *livekit.EgressInfo) { i.RoomId, i.RoomName = "RM_1", "demo" }), func(*made) {},
			`"egress_id":"EG_1","room_id":"RM_1","room_name":"demo","started_at":1,"ended_at":2`},
		{"a participant", info(func(i *livekit.EgressInfo) {
			i.Request = &livekit.EgressInfo_Participant{Participant: &livekit.ParticipantEgressRequest{Identity: "ann"}}
		}), func(*made) {}, head + `,"publisher_identity":"ann"`},
		{"two tracks", info(func(i *livekit.EgressInfo) {
			i.Request = &livekit.EgressInfo_TrackComposite{TrackComposite: &livekit.TrackCompositeEgressRequest{AudioTrackId: "TR_a", VideoTrackId: "TR_v"}}
		}), func(*made) {}, head + `,"audio_track_id":"TR_a","video_track_id":"TR_v"`},
		{"a track", info(func(i *livekit.EgressInfo) {
			i.Request = &livekit.EgressInfo_Track{Track: &livekit.TrackEgressRequest{TrackId: "TR_x"}}
		}), func(*made) {}, head + `,"track_id":"TR_x"`},
		{"segments", info(func(i *livekit.EgressInfo) {
			i.SegmentResults = []*livekit.SegmentsInfo{{PlaylistLocation: "https://b/main.m3u8"}}
		}), func(m *made) {
			for _, name := range []string{"s_00000.ts", "live.m3u8", "main.m3u8", "s_00001.ts"} {
				m.note(madeSegment, name, there(name), "")
			}
		}, head + `,"playlists":[{"location":"https://b/main.m3u8","segments":[{"filename":"s_00000.ts","location":"https://b/s_00000.ts"},` +
			`{"filename":"s_00001.ts","location":"https://b/s_00001.ts"}]}]`},
		{"images", info(func(*livekit.EgressInfo) {}), func(m *made) { m.noteAt(madeImage, "i_00000.jpeg", there("i"), "", at) },
			head + `,"images":[{"filename":"i_00000.jpeg","timestamp":"2026-01-02T02:04:05Z","location":"https://b/i"}]`},
	} {
		var m made
		c.made(&m)
		body, err := json.Marshal(newManifest(c.info, m.list, nil))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(body), "{"+c.want+`,"ffegress":{"status":"EGRESS_COMPLETE"`) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, body, c.want)
		}
	}
}

// TestRoomErrors: the code that clients know each of a room's errors by, as it ends an egress.
func TestRoomErrors(t *testing.T) {
	for err, code := range map[error]int32{
		&rtpfeed.NotFoundError{Kind: "participant", Name: "ann"}:             404,
		&rtpfeed.NotFoundError{Kind: "track", Name: "TR_x"}:                  404,
		&rtpfeed.FieldError{Field: "audio_track_id"}:                         400,
		&rtpfeed.CodecError{Err: errors.New("video/x is not yet supported")}: 400,
		fmt.Errorf("join: %w", rtpfeed.ErrConnection):                        503,
		rtpfeed.ErrEncrypted: 412,
		psrpc.NewErrorf(psrpc.PermissionDenied, "not here"): 403,
	} {
		status, text, got := failure(roomError(err)).active()
		if status != livekit.EgressStatus_EGRESS_FAILED || text != err.Error() || got != code {
			t.Errorf("%v: %v %q %d, want %d", err, status, text, got, code)
		}
	}
}

// TestErrorCodes: psrpc's codes as EgressInfo has them.
func TestErrorCodes(t *testing.T) {
	codes := map[psrpc.ErrorCode]int32{
		psrpc.InvalidArgument: 400, psrpc.Unauthenticated: 401, psrpc.PermissionDenied: 403, psrpc.NotFound: 404, psrpc.AlreadyExists: 409,
		psrpc.FailedPrecondition: 412, psrpc.Internal: 500, psrpc.Unavailable: 503, psrpc.DeadlineExceeded: 503, psrpc.Unknown: 0,
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if got := errorCode(fmt.Errorf("while: %w", psrpc.NewErrorf(code, "x"))); got != codes[code] {
			t.Errorf("%s: %d, want %d", code, got, codes[code])
		}
	}
	if got := errorCode(errors.New("x")); got != 0 {
		t.Errorf("any other error: %d", got)
	}
}
