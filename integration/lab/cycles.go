package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// baseWithin is by how much an idle recorder may use more than before, of that.
const baseWithin = 0.05

// Cycles are starts and stops of egresses, after which an idle recorder must use as much as before.
type Cycles struct {
	Warm  int // cycles before the baseline: what is made once and kept
	Runs  int
	Cycle func(ctx context.Context, n int) error
	// Idle looks at the recorder when it has nothing to do after n cycles.
	Idle func(ctx context.Context, n int) (Footprint, error)
}

// Cycle runs the cycles and ends the recorder, of which nothing may be left.
func (l *Lab) Cycle(ctx context.Context, o *accept.Outcome, c Cycles) (err error) {
	var before, after Footprint
	sockets := rig.LookBefore(l.Egress.WorkDir, l.Egress.Temp)
	began := time.Now()
	for n := range c.Warm + c.Runs {
		if n == c.Warm {
			if before, err = c.Idle(ctx, n); err != nil {
				return err
			}
			began = time.Now()
		}
		if err := c.Cycle(ctx, n); err != nil {
			return fmt.Errorf("cycle %d: %w", n, err)
		}
	}
	o.Add("a cycle takes", "%.1f s", time.Since(began).Seconds()/float64(c.Runs))
	if after, err = c.Idle(ctx, c.Warm+c.Runs); err != nil {
		return err
	}
	judgeFootprints(o, before, after)
	procs, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return err
	}
	if _, err := l.Egress.Stop(endWait); err != nil {
		return err
	}
	left, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := sockets.Leaks(left, procs); err != nil {
		return err
	}
	o.Add("displays, files and processes after its end", "none")
	return nil
}

func judgeFootprints(o *accept.Outcome, before, after Footprint) {
	for _, f := range []struct {
		name          string
		before, after int64
	}{
		{"goroutines", before.Goroutines, after.Goroutines},
		{"descriptors", before.Files, after.Files},
		{"processes", before.Processes, after.Processes},
		{"bytes in work and temporary directory", before.Bytes, after.Bytes},
		{"PSS of the recorder, kB", before.PSS >> 10, after.PSS >> 10},
	} {
		o.Add(f.name, "%d before, %d after", f.before, f.after)
		o.Want(float64(f.after-f.before) <= baseWithin*float64(f.before), "%s: %d before, %d after", f.name, f.before, f.after)
	}
}
