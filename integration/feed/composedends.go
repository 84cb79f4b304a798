package feed

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

// composedEnds has a publisher leave who is recorded as a participant and by the tracks: both recordings end at once.
func composedEnds(length time.Duration) accept.Case {
	return accept.Case{
		ID: "composed-ends", Line: 2, Title: fmt.Sprintf("a publisher leaves after %v: Participant and TrackComposite end at once", length),
		Run: func(ctx context.Context, out *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{})
			if err != nil {
				return err
			}
			somebody, err := b.somebody(ctx, "p0")
			if err != nil {
				return err
			}
			ids := p.Tracks(0)
			tracks, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
				return b.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
					RoomName: b.Room, AudioTrackId: ids[0], VideoTrackId: ids[1],
					FileOutputs: files(filepath.Join(b.Media, "tracks"), livekit.EncodedFileType_MP4),
				})
			})
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			left := time.Now()
			p.Close()
			for _, r := range []*lab.Recording{somebody, tracks} {
				info, err := r.End(ctx)
				if err != nil {
					return err
				}
				took := time.Since(left)
				f, err := file(info)
				if err != nil {
					return err
				}
				name := filepath.Base(f.Location)
				wall := left.Sub(time.Unix(0, f.StartedAt))
				off := time.Duration(f.Duration) - wall
				out.Add(name+": over after, file against wall clock", "%v, %+v", took.Round(time.Millisecond), off.Round(time.Millisecond))
				out.Want(took <= endsWithin, "%s: over after %v", name, took)
				out.Want(math.Abs(off.Seconds()) <= 0.3, "%s: lasts %v, wall clock %v", name, time.Duration(f.Duration), wall)
				report, err := meter.Measure(ctx, f.Location, meter.Options{IDs: []int{0}})
				if err != nil {
					return err
				}
				out.Add("meter", "\n```\n%s```", report)
				out.Missed = append(out.Missed, report.Check(meter.Limits{OffsetP95: offsetP95, BarError: 6, UniqueFPS: 29, OffBeat: burstWithin})...)
			}
			return nil
		},
	}
}
