package outlets

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	// swapEvery is how long a stream that comes and goes is there.
	swapEvery = 12 * time.Second
	// watchFor is how long somebody looks how old the pictures are, and watchLead what of it is not judged: what was
	// encoded since the last keyframe comes at once.
	watchFor  = 40 * time.Second
	watchLead = 5 * time.Second
	behind    = 2 * time.Second
)

// swap streams a room to one server all the time and to others that come and go; one of them is watched.
func swap(length time.Duration) accept.Case {
	return accept.Case{
		ID: "stream-swap", Line: 4, Title: fmt.Sprintf("UpdateStream again and again for %v: each receiver; how far the picture is behind", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := lab.New(ctx, lab.Options{Name: "outlets", Participants: 1, Rig: rig.Options{Config: map[string]any{"browser_pool": 0}}})
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			nginx, err := rig.StartRTMPServer(ctx, filepath.Join(l.Media, "..", "nginx"))
			if err != nil {
				return err
			}
			defer nginx.Close()
			v, err := newViewer(ctx, l.Publisher.Zero(), 640, 360)
			if err != nil {
				return err
			}
			defer v.close()
			rec, err := l.Start(ctx, func() (*livekit.EgressInfo, error) {
				return l.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
					RoomName: l.Room, Layout: "grid",
					Options:       &livekit.RoomCompositeEgressRequest_Advanced{Advanced: &livekit.EncodingOptions{Width: 640, Height: 360, VideoBitrate: 1500, KeyFrameInterval: streamKeys}},
					StreamOutputs: []*livekit.StreamOutput{{Urls: []string{nginx.URL("live", streamKey), v.url}}},
				})
			})
			if err != nil {
				return err
			}
			change := func(add, remove []string) error {
				_, err := l.API.UpdateStream(ctx, &livekit.UpdateStreamRequest{EgressId: rec.Info.EgressId, AddOutputUrls: add, RemoveOutputUrls: remove})
				return err
			}
			swaps, watched := 0, false
			for time.Since(rec.Active) < length {
				url := nginx.URL("live", swapKey(swaps))
				if err := change([]string{url}, nil); err != nil {
					return err
				}
				if err := lab.Pause(ctx, swapEvery); err != nil {
					return err
				}
				if err := change(nil, []string{url}); err != nil {
					return err
				}
				swaps++
				if !watched && time.Since(rec.Active) > watchFor {
					watched = true
					if err := change(nil, []string{v.url}); err != nil {
						return err
					}
				}
			}
			info, _, err := rec.Stop(ctx)
			if err != nil {
				return err
			}
			v.close()
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && len(info.StreamResults) == swaps+2, "%v: %s; %d streams", info.Status, info.Error, len(info.StreamResults))
			for _, s := range info.StreamResults {
				whole(o, s, livekit.StreamInfo_FINISHED)
				o.Want(s.Retries == 0, "%s was tried %d times again", s.Url, s.Retries)
			}
			v.judge(o)
			for n := range swaps {
				if err := oneSession(ctx, o, nginx, swapKey(n), swapKey(n), swapEvery, true); err != nil {
					return err
				}
			}
			return oneSession(ctx, o, nginx, streamKey, streamKey, length, true)
		},
	}
}

func swapKey(n int) string { return fmt.Sprintf("planted-swap-key-%d", n) }

// judge tells how far the pictures were behind the publisher, which is before the page.
func (v *viewer) judge(o *accept.Outcome) {
	o.Want(v.seen > 0 && len(v.ages) > v.seen*9/10, "%d pictures, %d of them read", v.seen, len(v.ages))
	v.ages = v.ages[min(len(v.ages), int(watchLead/time.Second)*viewFPS):]
	p50, p95, most, ok := v.percentiles()
	o.Add("publisher → receiver's decoded picture: p50, p95, most", "%v, %v, %v over %d",
		p50.Round(time.Millisecond), p95.Round(time.Millisecond), most.Round(time.Millisecond), len(v.ages))
	o.Want(ok && p95 <= behind, "p95 is %v", p95)
}
