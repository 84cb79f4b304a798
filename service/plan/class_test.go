package plan

import (
	"testing"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
)

func TestClassify(t *testing.T) {
	file := []*livekit.EncodedFileOutput{{Filepath: "x"}}
	room := func(r *livekit.RoomCompositeEgressRequest) *rpc.StartEgressRequest {
		r.RoomName, r.FileOutputs = "room", file
		return &rpc.StartEgressRequest{EgressId: "EG_1", Request: &rpc.StartEgressRequest_RoomComposite{RoomComposite: r}}
	}
	web := func(r *livekit.WebEgressRequest) *rpc.StartEgressRequest {
		r.Url, r.FileOutputs = "http://page/", file
		return &rpc.StartEgressRequest{EgressId: "EG_1", Request: &rpc.StartEgressRequest_Web{Web: r}}
	}
	for _, tt := range []struct {
		name string
		req  *rpc.StartEgressRequest
		want Class
	}{
		{"room", room(&livekit.RoomCompositeEgressRequest{}), Class{Type: TypeRoomComposite, Page: true}},
		{"a room's sound", room(&livekit.RoomCompositeEgressRequest{AudioOnly: true}), Class{Type: TypeRoomComposite, SoundOnly: true}},
		{
			"a room's sound by its page", room(&livekit.RoomCompositeEgressRequest{AudioOnly: true, Layout: "grid"}),
			Class{Type: TypeRoomComposite, Page: true, SoundOnly: true},
		},
		{"web", web(&livekit.WebEgressRequest{}), Class{Type: TypeWeb, Page: true}},
		{"a page's sound", web(&livekit.WebEgressRequest{AudioOnly: true}), Class{Type: TypeWeb, Page: true, SoundOnly: true}},
		{
			"participant",
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Participant{
				Participant: &livekit.ParticipantEgressRequest{RoomName: "room", Identity: "a", FileOutputs: file},
			}},
			Class{Type: TypeParticipant},
		},
		{
			"track composite",
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_TrackComposite{
				TrackComposite: &livekit.TrackCompositeEgressRequest{RoomName: "room", AudioTrackId: "TR_1", FileOutputs: file},
			}},
			Class{Type: TypeTrackComposite, SoundOnly: true},
		},
	} {
		if got, err := Classify(tt.req); err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
	track := &rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Track{Track: &livekit.TrackEgressRequest{
		RoomName: "room", TrackId: "TR_1", Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{Filepath: "x"}},
	}}}
	if got, err := Classify(track); err != nil || got.Type != TypeTrack || !got.Passthrough || got.Page {
		t.Errorf("track: %+v, %v", got, err)
	}
	if _, err := Classify(&rpc.StartEgressRequest{}); err == nil {
		t.Error("nothing has a class")
	}
}
