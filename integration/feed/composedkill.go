package feed

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

// composedLost is the same of what is put together, once the senders' reports are there, in seconds.
const composedLost = 1.5

// composedKill kills the recorder while it puts tracks together. The last run of several is killed while reports are awaited, which
// is not judged.
func composedKill(runs int) accept.Case {
	return accept.Case{
		ID: "composed-kill", Line: 5, Title: fmt.Sprintf("SIGKILL of the recorder, %d times: a TrackComposite's work file plays to ≤ %.1f s before", runs, composedLost),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{})
			if err != nil {
				return err
			}
			ids := p.Tracks(0)
			for n := range runs {
				if n > 0 {
					if err := b.Egress.Restart(ctx, b.Binary); err != nil {
						return err
					}
				}
				r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
					return b.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
						RoomName: b.Room, AudioTrackId: ids[0], VideoTrackId: ids[1],
						FileOutputs: files(filepath.Join(b.Media, fmt.Sprintf("killed-%d", n)), livekit.EncodedFileType_MP4),
					})
				})
				if err != nil {
					return err
				}
				early := runs > 1 && n == runs-1
				after := 12*time.Second + time.Duration(n)*370*time.Millisecond
				if early {
					after = 4 * time.Second
				}
				if err := lab.Pause(ctx, after); err != nil {
					return err
				}
				b.Egress.Kill()
				want := time.Since(time.Unix(0, r.Info.FileResults[0].StartedAt)).Seconds()
				path := filepath.Join(b.Egress.WorkDir, r.Info.EgressId, "work.mp4")
				if early {
					o.Add("lasts, killed after, while reports are awaited", "%.2f s, %.2f s", playable(ctx, path), want)
					continue
				}
				report, err := meter.Measure(ctx, path, meter.Options{IDs: []int{0}})
				if err != nil {
					return err
				}
				lasts := min(report.VideoDuration, report.AudioDuration)
				o.Add("lasts, killed after", "%.2f s, %.2f s", lasts, want)
				o.Want(want-lasts <= composedLost, "the work file lasts %.2f s of %.2f s", lasts, want)
				o.Want(len(report.DecodeErrors) == 0, "%d decode errors", len(report.DecodeErrors))
			}
			return nil
		},
	}
}

// playable is how long a file plays; 0 when there is nothing in it.
func playable(ctx context.Context, path string) float64 {
	report, err := meter.Measure(ctx, path, meter.Options{})
	if err != nil {
		return 0
	}
	return min(report.VideoDuration, report.AudioDuration)
}
