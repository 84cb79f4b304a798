package feed

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	flatWithin = 0.05             // of what is used after a minute
	flatEvery  = 10 * time.Second // a look at the processes' memory
	flatOver   = 6                // looks are one figure
)

// flat waits and holds what memory the recorder's processes use at the end against what they used after a minute.
func (b *bench) flat(ctx context.Context, o *accept.Outcome, length time.Duration) error {
	end := time.NewTimer(length)
	defer end.Stop()
	tick := time.NewTicker(flatEvery)
	defer tick.Stop()
	used := map[string][]float64{} // PSS in MB by role, a figure for each look
	for waiting := true; waiting; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			waiting = false
		case <-tick.C:
			list, err := rig.Descendants(b.Egress.PID)
			if err != nil {
				return err
			}
			now := map[string]float64{"in all": 0}
			for _, p := range list {
				now[p.Role] += float64(p.PSS) / 1e6
				now["in all"] += float64(p.PSS) / 1e6
			}
			for role, sum := range now {
				used[role] = append(used[role], sum)
			}
		}
	}
	for _, role := range slices.Sorted(maps.Keys(used)) {
		all := used[role]
		if len(all) < 3*flatOver {
			continue
		}
		before, after, most := mean(all[flatOver:2*flatOver]), mean(all[len(all)-flatOver:]), slices.Max(all[flatOver:])
		o.Add("PSS of "+role+": second minute, last minute, most", "%.1f MB, %.1f MB, %.1f MB", before, after, most)
		o.Want(after <= (1+flatWithin)*before, "PSS of %s: %.1f MB in the second minute, %.1f MB in the last one", role, before, after)
	}
	return nil
}

func mean(list []float64) (sum float64) {
	for _, v := range list {
		sum += v / float64(len(list))
	}
	return sum
}
