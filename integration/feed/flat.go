package feed

import (
	"context"
	"fmt"
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

// flat waits and holds what memory of their own the recorder's processes have at the end against what they had after a
// minute. PSS is told too; how much of a library a process is said to have depends on who else has it, though.
func (b *bench) flat(ctx context.Context, o *accept.Outcome, length time.Duration) error {
	end := time.NewTimer(length)
	defer end.Stop()
	tick := time.NewTicker(flatEvery)
	defer tick.Stop()
	own, pss := looks{}, looks{}
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
			own.add(list, func(p rig.Process) int64 { return p.Own })
			pss.add(list, func(p rig.Process) int64 { return p.PSS })
		}
	}
	for _, role := range slices.Sorted(maps.Keys(own)) {
		if len(own[role]) < 3*flatOver {
			continue
		}
		before, after, text := own.ends(role)
		o.Add("memory of its own, "+role, "%s", text)
		o.Want(before > 0 && after <= (1+flatWithin)*before, "%s: %.1f MB of its own in the second minute, %.1f MB in the last one", role, before, after)
		_, _, text = pss.ends(role)
		o.Add("PSS, "+role, "%s", text)
	}
	return nil
}

// looks are memory in MB by role, a figure for each look.
type looks map[string][]float64

func (l looks) add(list []rig.Process, of func(rig.Process) int64) {
	now := map[string]float64{}
	for _, p := range list {
		now[p.Role] += float64(of(p)) / 1e6
		now["in all"] += float64(of(p)) / 1e6
	}
	for role, sum := range now {
		l[role] = append(l[role], sum)
	}
}

// ends are the second and the last minute.
func (l looks) ends(role string) (before, after float64, text string) {
	all := l[role]
	before, after = mean(all[flatOver:2*flatOver]), mean(all[len(all)-flatOver:])
	return before, after, fmt.Sprintf("second minute %.1f MB, last minute %.1f MB, most %.1f MB", before, after, slices.Max(all[flatOver:]))
}

func mean(list []float64) (sum float64) {
	for _, v := range list {
		sum += v / float64(len(list))
	}
	return sum
}
