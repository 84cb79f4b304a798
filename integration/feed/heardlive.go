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

// socketBehind is what may be between the recording's beginning and when it is seen, and its end, s.
const socketBehind = 0.5

// heardLive sends the sound of two, put together, to a WebSocket, as v2 has it for any source.
func heardLive(request, sound string, length time.Duration) accept.Case {
	return accept.Case{
		ID: request + "-websocket-" + sound, Line: 1,
		Title: fmt.Sprintf("StartEgress (v2): sound of a room of two by %s, %s, over a WebSocket, %v", request, sound, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			if _, err := b.publish(ctx, publish.Options{Participants: 2, AudioOnly: true, Audio: sound}); err != nil {
				return err
			}
			e := rig.StartSocketServer()
			defer e.Close()
			req := &livekit.StartEgressRequest{RoomName: b.Room, Source: allSound, Outputs: []*livekit.Output{{
				Config: &livekit.Output_Stream{Stream: &livekit.StreamOutput{
					Protocol: livekit.StreamProtocol_WEBSOCKET, Urls: []string{e.Address("/in?secret=hush")},
				}},
			}}}
			if request == byRoom {
				req.Source = &livekit.StartEgressRequest_Template{Template: &livekit.TemplateSource{AudioOnly: true}}
			}
			r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) { return b.API.StartEgress(ctx, req) })
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			info, _, err := r.Stop(ctx)
			if err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && len(info.StreamResults) == 1, "%v", info)
			// What is put together is behind, and hurries at the end: how long frames came says nothing.
			h := e.Heard()
			heard, wall := h.Length.Seconds(), r.Told.Sub(r.Active).Seconds()
			o.Add("heard, wall clock", "%.2f s, %.2f s", heard, wall)
			o.Want(math.Abs(heard-wall) < socketBehind, "%.2f s of sound in %.2f s", heard, wall)
			o.Want(h.ContentType == "audio/x-raw" && h.Bye, "content type %q, close frame %v", h.ContentType, h.Bye)
			o.Want(!strings.Contains(info.String(), "hush"), "the url's secret is told")
			path := filepath.Join(b.Dir, "heard.wav")
			if err := e.Wave(path); err != nil {
				return err
			}
			report, err := meter.Measure(ctx, path, meter.Options{IDs: []int{0, 1}, NoPicture: true})
			if err != nil {
				return err
			}
			o.Add("meter", "\n```\n%s```", report)
			o.Missed = append(o.Missed, report.Check(meter.Limits{AllowGaps: sound != publish.Opus, OffBeat: burstWithin})...)
			return nil
		},
	}
}
