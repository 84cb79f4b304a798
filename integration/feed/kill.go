package feed

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

// lostWithin is how much of a recording a SIGKILL may cost, in seconds.
const lostWithin = 1.0

// kill kills the recorder while it records a picture and a sound: the work files play, almost to the end.
func kill(runs int) accept.Case {
	return accept.Case{
		ID: "track-kill", Line: 5, Title: fmt.Sprintf("SIGKILL of the recorder, %d times: work files play to ≤ 1 s before", runs),
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
			for n := range runs {
				if n > 0 {
					if err := b.Egress.Restart(ctx, b.Binary); err != nil {
						return err
					}
				}
				var running []*lab.Recording
				for i, id := range p.Tracks(0) {
					r, err := b.record(ctx, id, fmt.Sprintf("%d-%d", n, i))
					if err != nil {
						return err
					}
					running = append(running, r)
				}
				if err := lab.Pause(ctx, 3*time.Second+time.Duration(n)*370*time.Millisecond); err != nil {
					return err
				}
				b.Egress.Kill()
				killed := time.Now()
				for i, name := range []string{"work.ogg", "work.mkv"} {
					info := running[i].Info
					path := filepath.Join(b.Egress.WorkDir, info.EgressId, name)
					report, err := meter.Measure(ctx, path, meter.Options{IDs: []int{0}, NoSound: i == 1, NoPicture: i == 0})
					if err != nil {
						return err
					}
					want := killed.Sub(time.Unix(0, info.FileResults[0].StartedAt)).Seconds()
					lasts := max(report.VideoDuration, report.AudioDuration)
					o.Add(name+" lasts, killed after", "%.2f s, %.2f s", lasts, want)
					o.Want(want-lasts <= lostWithin, "%s lasts %.2f s of %.2f s", name, lasts, want)
					o.Want(len(report.DecodeErrors) == 0, "%s: %d decode errors", name, len(report.DecodeErrors))
				}
			}
			return nil
		},
	}
}
