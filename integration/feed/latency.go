package feed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
)

// startsWithin is how soon half of all recordings have begun.
const startsWithin = 300 * time.Millisecond

// latency measures how long it takes from the acceptance to the first packet in the file, of tracks that are there.
func latency(runs int) accept.Case {
	return accept.Case{
		ID: "track-latency", Line: 5, Title: fmt.Sprintf("Track: accepted → first packet in the file, %d times", runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{Answer: true})
			if err != nil {
				return err
			}
			for i, kind := range []string{"sound", "picture"} {
				var took []time.Duration
				for n := range runs {
					r, err := b.record(ctx, p.Tracks(0)[i], fmt.Sprintf("%s-%d", kind, n))
					if err != nil {
						return err
					}
					info, _, err := stopped(ctx, r)
					if err != nil {
						return err
					}
					took = append(took, time.Duration(info.FileResults[0].StartedAt-info.StartedAt))
				}
				slices.Sort(took)
				p50 := took[len(took)/2]
				o.Add(kind+": p50, least, most", "%v, %v, %v", p50.Round(time.Millisecond), took[0].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
				o.Want(p50 <= startsWithin, "%s: p50 %v", kind, p50)
			}
			return nil
		},
	}
}
