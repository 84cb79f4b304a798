package node

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	warmRounds = 3
	idleWait   = 60 * time.Second
	idleFor    = 15 * time.Second // after the last egress: the Go runtime gives memory back meanwhile
)

// cycles starts and stops so many egresses of all kinds, a round of them at once; the idle node must use as much
// afterwards as before.
func cycles(rounds int) accept.Case {
	return accept.Case{
		ID: fmt.Sprintf("cycles-%d", rounds*len(kinds)), Line: 5,
		Title: fmt.Sprintf("%d start/stop cycles of %d kinds, a round of all kinds at once: back to the idle baseline", rounds*len(kinds), len(kinds)),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			s, err := newStage(ctx)
			if err != nil {
				return err
			}
			defer s.close()
			o.Add("egresses, in a cycle", "%d, %d", rounds*len(kinds), len(kinds))
			return s.Cycle(ctx, o, lab.Cycles{Warm: warmRounds, Runs: rounds, Cycle: s.round, Idle: s.idle})
		},
	}
}

// round starts one egress of each kind, and stops them when all record.
func (s *stage) round(ctx context.Context, n int) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, kind := range kinds {
		g.Go(func() error {
			r, err := s.Start(ctx, func() (*livekit.EgressInfo, error) { return kind.ask(ctx, s, fmt.Sprintf("%02d-%d", n, i)) })
			if err == nil {
				err = lab.Pause(ctx, kind.length)
			}
			var info *livekit.EgressInfo
			if err == nil {
				info, _, err = r.Stop(ctx)
			}
			if err == nil && info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
				err = fmt.Errorf("%v: %s", info.Status, info.Error)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// idle looks at the node when it has been idle for a while.
func (s *stage) idle(ctx context.Context, _ int) (f lab.Footprint, err error) {
	var procs []rig.Process
	err = until(ctx, "all children gone", idleWait, func() (is bool) {
		var err error
		procs, err = rig.Descendants(s.Egress.PID)
		return err == nil && len(procs) == 1
	})
	if err != nil {
		return f, fmt.Errorf("%w: %v", err, procs)
	}
	if err := lab.Pause(ctx, idleFor); err != nil {
		return f, err
	}
	// Of the heap what is in use is looked at, not when the collector last ran.
	if _, _, err := get(ctx, s.debug, "/debug/pprof/heap?gc=1"); err != nil {
		return f, err
	}
	_, text, err := get(ctx, s.metrics, "/")
	if err != nil {
		return f, err
	}
	f, err = s.Footprint()
	f.Goroutines = int64(parseMetrics(text).value("go_goroutines"))
	return f, err
}
