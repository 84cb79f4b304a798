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

// somebody records a participant by identity.
func (b *bench) somebody(ctx context.Context, who string) (*lab.Recording, error) {
	return b.Start(ctx, func() (*livekit.EgressInfo, error) {
		return b.API.StartParticipant(ctx, &livekit.ParticipantEgressRequest{
			RoomName: b.Room, Identity: who,
			FileOutputs: files(filepath.Join(b.Media, who+"-composed"), livekit.EncodedFileType_MP4),
		})
	})
}

// rough records a participant whose way to the server, or whose picture, is not what one would like.
func rough(id, title string, o publish.Options, length time.Duration) accept.Case {
	c := composed(id, title, o, length, []int{0}, "p0-composed.mp4",
		func(b *bench, _ *publish.Publisher, path string) (*livekit.EgressInfo, error) {
			return b.API.StartParticipant(context.Background(), &livekit.ParticipantEgressRequest{
				RoomName: b.Room, Identity: "p0",
				FileOutputs: files(filepath.Join(filepath.Dir(path), "p0-composed"), livekit.EncodedFileType_MP4),
			})
		})
	c.Line = 2
	return c
}

func lossy(share float64, burst int, length time.Duration) accept.Case {
	id := fmt.Sprintf("loss-%.0f", 100*share)
	what := fmt.Sprintf("%.0f %% of the packets lost", 100*share)
	if burst > 1 {
		id, what = id+"-bursts", fmt.Sprintf("%s, %d in a row", what, burst)
	}
	return rough(id, what, publish.Options{Answer: true, Path: publish.Path{Loss: share, Burst: burst}}, length)
}

func slower(by, length time.Duration) accept.Case {
	return rough("slow-picture", fmt.Sprintf("a picture whose way is %v longer", by), publish.Options{Path: publish.Path{Picture: by}}, length)
}

func resized(length time.Duration) accept.Case {
	return rough("resize", "a picture of three sizes in turn", publish.Options{
		Sizes: []publish.Size{{Width: 640, Height: 360}}, Changes: []publish.Size{{Width: 320, Height: 180}, {Width: 960, Height: 540}},
	}, length)
}

// skewed records two participants at once whose clocks are off, one faster and one slower.
func skewed(ppm float64, length time.Duration) accept.Case {
	return accept.Case{
		ID: "skew", Line: 2, Title: fmt.Sprintf("senders' clocks off by ± %.0f ppm, %v", ppm, length),
		Run: func(ctx context.Context, out *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			var running []*lab.Recording
			for n, name := range []string{"fast", "slow"} {
				_, err := b.publish(ctx, publish.Options{Name: name, FirstCard: n, PPM: ppm * float64(1-2*n)})
				if err != nil {
					return err
				}
				r, err := b.somebody(ctx, name+"0")
				if err != nil {
					return err
				}
				running = append(running, r)
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			for n, r := range running {
				f, wall, err := delivered(ctx, out, r)
				if err != nil {
					return err
				}
				if err := judgeComposed(ctx, out, f, wall, publish.Options{}, meter.Options{IDs: []int{n}}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// late is how long after the picture the sound is published, and the other way round.
func late(after, length time.Duration) accept.Case {
	return accept.Case{
		ID: fmt.Sprintf("late-%.0f", after.Seconds()), Line: 2, Title: fmt.Sprintf("sound %v after the picture, and picture %v after the sound", after, after),
		Run: func(ctx context.Context, out *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			kinds := []publish.Options{{Name: "seen", VideoOnly: true}, {Name: "heard", AudioOnly: true, FirstCard: 1}}
			var running []*lab.Recording
			var publishers []*publish.Publisher
			for _, o := range kinds {
				p, err := b.publish(ctx, o)
				if err != nil {
					return err
				}
				r, err := b.somebody(ctx, o.Name+"0")
				if err != nil {
					return err
				}
				publishers, running = append(publishers, p), append(running, r)
			}
			if err := lab.Pause(ctx, after); err != nil {
				return err
			}
			var heads []float64
			for n, o := range kinds {
				o.VideoOnly, o.AudioOnly = o.AudioOnly, o.VideoOnly
				if err := publishers[n].Add(ctx, 0, o); err != nil {
					return err
				}
				// From two seconds on everything is judged.
				heads = append(heads, time.Since(time.Unix(0, running[n].Info.FileResults[0].StartedAt)).Seconds()+2)
			}
			if err := lab.Pause(ctx, length-after); err != nil {
				return err
			}
			for n, r := range running {
				f, wall, err := delivered(ctx, out, r)
				if err != nil {
					return err
				}
				look := meter.Options{IDs: []int{n}, Head: heads[n], Tail: 0.5}
				if err := judgeComposed(ctx, out, f, wall, publish.Options{}, look); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
