package feed

import (
	"context"
	"fmt"
	"math"
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

// socket records a track's sound over a WebSocket, muted in between.
func socket(audio string, length time.Duration) accept.Case {
	return accept.Case{
		ID: "websocket-" + audio, Line: 1, Title: fmt.Sprintf("Track egress of %s over a WebSocket, %v and a mute", audio, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{Audio: audio})
			if err != nil {
				return err
			}
			e := rig.StartSocketServer()
			defer e.Close()
			r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
				return b.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: b.Room, TrackId: p.Tracks(0)[0], Output: &livekit.TrackEgressRequest_WebsocketUrl{
					WebsocketUrl: e.Address("/in?secret=hush"),
				}})
			})
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			path := filepath.Join(b.Dir, "heard.wav")
			if err := e.Wave(path); err != nil {
				return err
			}
			report, err := meter.Measure(ctx, path, meter.Options{IDs: []int{0}, NoPicture: true})
			if err != nil {
				return err
			}
			o.Add("meter", "\n```\n%s```", report)
			o.Missed = append(o.Missed, report.Check(meter.Limits{AllowGaps: audio != publish.Opus})...)
			for _, muted := range []bool{true, false} {
				if err := p.Mute(0, 0, muted); err != nil {
					return err
				}
				if err := lab.Pause(ctx, 2*time.Second); err != nil {
					return err
				}
			}
			info, _, err := r.Stop(ctx)
			if err != nil {
				return err
			}
			end := time.Now()
			h := e.Heard()
			heard, wall := h.Length.Seconds(), end.Sub(h.First).Seconds()
			o.Add("heard, wall clock, texts", "%.2f s, %.2f s, %q", heard, wall, h.Texts)
			o.Want(math.Abs(heard-wall) < 1, "%.2f s of sound in %.2f s", heard, wall)
			o.Want(strings.Join(h.Texts, " ") == `{"muted":true} {"muted":false}`, "texts %q", h.Texts)
			o.Want(h.ContentType == "audio/x-raw" && h.Bye, "content type %q, close frame %v", h.ContentType, h.Bye)
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && len(info.StreamResults) == 1, "%v", info)
			if len(info.StreamResults) == 1 {
				s := info.StreamResults[0]
				o.Want(s.Status == livekit.StreamInfo_FINISHED && s.StartedAt > 0 && s.Duration > 0, "stream %v", s)
			}
			o.Want(!strings.Contains(info.String(), "hush"), "the url's secret is told")
			return nil
		},
	}
}
