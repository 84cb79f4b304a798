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
	clip      publish.Size             // of the page's video; zero = as large as the picture
	v2        bool                     // StartEgress
	advanced  *livekit.EncodingOptions // instead of the shape's preset
	videoOnly bool
	alone     bool    // only one participant is shown
	pooled    bool    // with a browser that waited
	reported  bool    // unique pictures are reported, not judged
	head      float64 // seconds that are not judged; 0 = one
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
	return counts["still"] + counts["hole"]
}

// request is the API call for a take; done frees what it needs while it runs.
func (l *lab) request(ctx context.Context, t take) (ask func() (*livekit.EgressInfo, error), done func(), err error) {
	url, done := "", func() {}
	if t.web {
		size := t.clip
		if size == (publish.Size{}) {
			size = publish.Size{Width: t.shape.width, Height: t.shape.height}
		}
		pages, err := servePages(ctx, size)
		if err != nil {
			return nil, nil, err
		}
		url, done = pages.Card(500*time.Millisecond, -1), pages.Close
	}
	return func() (*livekit.EgressInfo, error) {
		switch {
		case t.v2:
			return l.API.StartEgress(ctx, l.unified(t, url))
		case t.web:
			req := &livekit.WebEgressRequest{Url: url, AwaitStartSignal: true, FileOutputs: l.file(t.id + ".mp4")}
			if req.Options = (&livekit.WebEgressRequest_Preset{Preset: t.shape.preset}); t.advanced != nil {
				req.Options = &livekit.WebEgressRequest_Advanced{Advanced: t.advanced}
			}
			return l.API.StartWeb(ctx, req)
		}
		req := l.roomRequest(t.id+".mp4", t.layout)
		req.VideoOnly = t.videoOnly
		if req.Options = (&livekit.RoomCompositeEgressRequest_Preset{Preset: t.shape.preset}); t.advanced != nil {
			req.Options = &livekit.RoomCompositeEgressRequest_Advanced{Advanced: t.advanced}
		}
		return l.API.StartRoomComposite(ctx, req)
	}, done, nil
}

// unified is the v2 request for a take; a web one is of the page at url.
func (l *lab) unified(t take, url string) *livekit.StartEgressRequest {
	req := &livekit.StartEgressRequest{Outputs: l.outputs(t.id + ".mp4")}
	if req.Encoding = (&livekit.StartEgressRequest_Preset{Preset: t.shape.preset}); t.advanced != nil {
		req.Encoding = &livekit.StartEgressRequest_Advanced{Advanced: t.advanced}
	}
	if t.web {
		req.Source = &livekit.StartEgressRequest_Web{Web: &livekit.WebSource{Url: url, AwaitStartSignal: true}}
		return req
	}
	req.RoomName = l.room
	req.Source = &livekit.StartEgressRequest_Template{Template: &livekit.TemplateSource{Layout: t.layout, VideoOnly: t.videoOnly}}
	return req
}
