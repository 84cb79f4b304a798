package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// costs are the aims of line 4 for each recording beyond the first.
type costs struct {
	kind        string
	track       int
	cores, peak float64 // peak PSS in MB
}

// cost measures what recordings of tracks cost, so many at once.
func cost(counts []int, length time.Duration) accept.Case {
	return accept.Case{
		ID: "track-cost", Line: 4, Title: fmt.Sprintf("cost of %v Track egresses at once, %v each", counts, length),
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
			idle, err := b.watch(ctx, 5*time.Second)
			if err != nil {
				return err
			}
			o.Add("idle", "%s", idle)
			for _, c := range []costs{{"picture", 1, 0.01, 3}, {"sound", 0, 0.004, 2}} {
				var first burden
				for _, n := range counts {
					var running []*lab.Recording
					for i := range n {
						r, err := b.record(ctx, p.Tracks(0)[c.track], fmt.Sprintf("%s-%d-%d", c.kind, n, i))
						if err != nil {
							return err
						}
						running = append(running, r)
					}
					used, err := b.watch(ctx, length)
					if err != nil {
						return err
					}
					o.Add(fmt.Sprintf("%d × %s", n, c.kind), "%s", used)
					o.Want(used.children == 0, "%d × %s: %d children while recording", n, c.kind, used.children)
					if n == 1 {
						first = used
					} else {
						each := burden{cores: (used.cores - first.cores) / float64(n-1), peak: (used.peak - first.peak) / float64(n-1)}
						o.Add(fmt.Sprintf("%s: each beyond the first, of %d", c.kind, n), "%s", each)
						o.Want(each.cores <= c.cores && each.peak <= c.peak, "%d × %s: %s each, aims %.3f cores and %.0f MB", n, c.kind, each, c.cores, c.peak)
					}
					for _, r := range running {
						if _, _, err := stopped(ctx, r); err != nil {
							return err
						}
					}
				}
			}
			return nil
		},
	}
}

// burden is what the recorder uses.
type burden struct {
	cores, peak float64 // peak PSS in MB
	children    int
}

func (u burden) String() string { return fmt.Sprintf("%.4f cores, %.1f MB", u.cores, u.peak) }

func (b *bench) watch(ctx context.Context, length time.Duration) (burden, error) {
	watching, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	used, err := rig.Watch(watching, b.Egress.PID, 500*time.Millisecond)
	if err != nil {
		return burden{}, err
	}
	var sum burden
	for _, r := range used.Roles {
		sum.cores += r.CPU / used.Wall.Seconds()
		sum.peak += float64(r.PeakPSS) / 1e6
	}
	sum.children = len(used.Roles) - 1
	return sum, ctx.Err()
}
