package spine

import (
	"context"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/publish"
)

// take is one recording to judge.
type take struct {
	id        string
	title     string
	layout    string // of a room
	shape     shape
	web       bool
	videoOnly bool
	alone     bool // only one participant is shown
	reported  bool // unique pictures are reported, not judged
}

// takes are the recordings of line 2.
func takes() []take {
	return []take{
		{id: "room-speaker", title: "RoomComposite speaker 720p30", layout: "speaker", shape: hd},
		{id: "room-grid", title: "RoomComposite grid 720p30", layout: "grid", shape: hd},
		{id: "room-single", title: "RoomComposite single-speaker 720p30", layout: "single-speaker", shape: hd, alone: true},
		{id: "room-video-only", title: "RoomComposite grid 720p30 video only", layout: "grid", shape: hd, videoOnly: true},
		{id: "web", title: "Web 720p30", shape: hd, web: true},
		{id: "room-1080", title: "RoomComposite grid 1080p30", layout: "grid", shape: fullHD, reported: true},
		{id: "web-1080", title: "Web 1080p30", shape: fullHD, web: true, reported: true},
	}
}

// counted is how many frames ffegress knows to show nothing new.
func counted(counts map[string]int64) int64 {
	return counts["still"] + counts["overload"] + counts["hole"]
}

// request is the API call for a take; done frees what it needs while it runs.
func (l *lab) request(ctx context.Context, t take) (ask func() (*livekit.EgressInfo, error), done func(), err error) {
	if !t.web {
		return func() (*livekit.EgressInfo, error) {
			req := l.roomRequest(t.id+".mp4", t.layout)
			req.VideoOnly = t.videoOnly
			req.Options = &livekit.RoomCompositeEgressRequest_Preset{Preset: t.shape.preset}
			return l.API.StartRoomComposite(ctx, req)
		}, func() {}, nil
	}
	pages, err := servePages(ctx, publish.Size{Width: t.shape.width, Height: t.shape.height})
	if err != nil {
		return nil, nil, err
	}
	return func() (*livekit.EgressInfo, error) {
		return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: pages.Card(500*time.Millisecond, -1), AwaitStartSignal: true, FileOutputs: l.file(t.id + ".mp4"),
			Options: &livekit.WebEgressRequest_Preset{Preset: t.shape.preset},
		})
	}, pages.Close, nil
}
