package outlets

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	// socketFrame is how many bytes a frame has: 10 ms.
	socketFrame = 48000 / 100 * 4
	// socketSettles is how long it may take until the delay of a recording has settled; then sound comes in time, give or
	// take a late block.
	socketSettles = 6 * time.Second
	socketWithin  = 250 * time.Millisecond
)

// socketSources are the sources of StartEgress, and whom the meter must hear.
var socketSources = map[string]struct {
	page bool // Chromium plays it: what the page does not play in time is not ours
	ids  []int
	ask  func(*lab.Lab, *livekit.StartEgressRequest, string)
}{
	"template": {true, []int{0, 1}, func(l *lab.Lab, r *livekit.StartEgressRequest, _ string) {
		r.RoomName, r.Source = l.Room, &livekit.StartEgressRequest_Template{Template: &livekit.TemplateSource{Layout: "grid"}}
	}},
	"web": {true, []int{0}, func(_ *lab.Lab, r *livekit.StartEgressRequest, page string) {
		r.Source = &livekit.StartEgressRequest_Web{Web: &livekit.WebSource{Url: page, AwaitStartSignal: true}}
	}},
	"media": {false, []int{0, 1}, func(l *lab.Lab, r *livekit.StartEgressRequest, _ string) {
		r.RoomName, r.Source = l.Room, &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{
			Video: &livekit.MediaSource_ParticipantVideo{ParticipantVideo: &livekit.ParticipantVideo{Identity: "p0"}},
			Audio: &livekit.AudioConfig{CaptureAll: true},
		}}
	}},
}

// sockets sends the sound of a source to two WebSockets and judges what each has heard.
func sockets(source string, length time.Duration) accept.Case {
	return accept.Case{
		ID: "websocket-" + source, Line: 1, Title: "v2 " + source + ": PCM to two WebSockets",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			from := socketSources[source]
			r := order{id: "websocket-" + source, room: source != "web"}
			l, err := r.newLab(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			pages, err := lab.ServePages(ctx, publish.Size{Width: 640, Height: 360})
			if err != nil {
				return err
			}
			defer pages.Close()
			ears := []*rig.SocketServer{rig.StartSocketServer(), rig.StartSocketServer()}
			var urls []string
			for _, e := range ears {
				defer e.Close()
				urls = append(urls, e.Address("/in?token=hush"))
			}
			req := &livekit.StartEgressRequest{Outputs: []*livekit.Output{{Config: &livekit.Output_Stream{Stream: &livekit.StreamOutput{Urls: urls}}}}}
			from.ask(l, req, pages.Card(500*time.Millisecond, -1))
			rec, err := l.Start(ctx, func() (*livekit.EgressInfo, error) { return l.API.StartEgress(ctx, req) })
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, socketSettles); err != nil {
				return err
			}
			var early []rig.Heard
			for _, e := range ears {
				early = append(early, e.Heard())
			}
			if err := lab.Pause(ctx, length-socketSettles); err != nil {
				return err
			}
			for n, e := range ears {
				inTime(o, early[n], e.Heard())
			}
			_, err = l.API.UpdateStream(ctx, &livekit.UpdateStreamRequest{EgressId: rec.Info.EgressId, RemoveOutputUrls: urls[:1]})
			o.Want(err != nil && strings.Contains(err.Error(), "UpdateStream called on non-streaming egress"), "UpdateStream: %v", err)
			encoders, err := ffmpegs(l)
			o.Want(err == nil && encoders == 0, "%d ffmpeg children, %v", encoders, err)
			info, _, err := rec.Stop(ctx)
			if err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && len(info.StreamResults) == 2, "%v", info)
			for _, s := range info.StreamResults {
				whole(o, s, livekit.StreamInfo_FINISHED)
				o.Want(s.Retries == 0, "stream %v", s)
			}
			o.Want(!strings.Contains(info.String(), "hush"), "the url's secret is told")
			for n, e := range ears {
				path := filepath.Join(l.Media, "..", string(rune('a'+n))+".wav")
				if err := listened(ctx, o, e, path, from.ids, from.page); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// inTime judges whether the sound came as fast as it is played, between two moments. At the end it comes faster: a
// recording of tracks is behind, and hurries then.
func inTime(o *accept.Outcome, a, b rig.Heard) {
	sound, wall := b.Length-a.Length, b.Last.Sub(a.Last)
	o.Add("while it records: sound, wall clock", "%v, %v", sound, wall.Round(time.Millisecond))
	o.Want((sound-wall).Abs() <= socketWithin, "%v of sound came in %v", sound, wall)
}

// listened judges what a WebSocket has heard: whole frames in time, and every beep in its place.
func listened(ctx context.Context, o *accept.Outcome, e *rig.SocketServer, path string, ids []int, page bool) error {
	if err := e.Wave(path); err != nil {
		return err
	}
	h := e.Heard()
	wall := h.Last.Sub(h.First)
	o.Add("heard, from first to last frame, longest pause", "%v, %v, %v", h.Length, wall.Round(time.Millisecond), h.Longest.Round(time.Millisecond))
	odd := 0
	for size, n := range h.Frames {
		if size != socketFrame {
			odd += n
		}
	}
	o.Want(odd <= 1, "frames by their sizes: %v", h.Frames)
	o.Want(h.ContentType == "audio/x-raw" && h.Bye && h.Connections == 1 && len(h.Texts) == 0, "%+v", h)
	report, err := meter.Measure(ctx, path, meter.Options{IDs: ids, NoPicture: true})
	if err != nil {
		return err
	}
	o.Add("meter", "\n```\n%s```", report)
	o.Missed = append(o.Missed, report.Check(meter.Limits{AllowGaps: page})...)
	return nil
}

// ffmpegs is how many children of the recorder encode or decode.
func ffmpegs(l *lab.Lab) (int, error) {
	all, err := rig.Descendants(l.Egress.PID)
	n := 0
	for _, p := range all {
		if p.Name == "ffmpeg" {
			n++
		}
	}
	return n, err
}
