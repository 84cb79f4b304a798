package node

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	baseWithin = 0.05 // of the baseline
	warmRounds = 3    // before it: what is made once and kept
	idleWait   = 60 * time.Second
	idleFor    = 15 * time.Second // after the last egress: the Go runtime gives memory back meanwhile
)

// footprint is what an idle node uses.
type footprint struct{ goroutines, files, processes, bytes, pss int64 }

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
			sockets := rig.LookBefore(s.Egress.WorkDir, s.Egress.Temp)
			var before, after footprint
			began := time.Now()
			for n := range warmRounds + rounds {
				if n == warmRounds {
					if before, err = s.footprint(ctx); err != nil {
						return err
					}
					began = time.Now()
				}
				if err := s.round(ctx, n); err != nil {
					return fmt.Errorf("round %d: %w", n, err)
				}
			}
			o.Add("egresses, a round of them", "%d, %.1f s", rounds*len(kinds), time.Since(began).Seconds()/float64(rounds))
			if after, err = s.footprint(ctx); err != nil {
				return err
			}
			for _, f := range []struct {
				name          string
				before, after int64
			}{
				{"goroutines", before.goroutines, after.goroutines},
				{"descriptors", before.files, after.files},
				{"processes", before.processes, after.processes},
				{"bytes in work and temporary directory", before.bytes, after.bytes},
				{"PSS, kB", before.pss >> 10, after.pss >> 10},
			} {
				o.Add(f.name, "%d before, %d after", f.before, f.after)
				o.Want(float64(f.after-f.before) <= baseWithin*float64(f.before), "%s: %d, %d after %d rounds", f.name, f.before, f.after, rounds)
			}
			procs, err := rig.Descendants(s.Egress.PID)
			if err != nil {
				return err
			}
			if _, err := s.Egress.Stop(idleWait); err != nil {
				return err
			}
			left, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			if err := sockets.Leaks(left, procs); err != nil {
				return err
			}
			o.Add("displays, files and processes after its end", "none")
			return nil
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

// footprint looks at the node when it has been idle for a while.
func (s *stage) footprint(ctx context.Context) (footprint, error) {
	var f footprint
	var procs []rig.Process
	err := until(ctx, "all children gone", idleWait, func() (is bool) {
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
	f.goroutines = int64(parseMetrics(text).value("go_goroutines"))
	files, err := rig.OpenFiles(s.Egress.PID)
	if err != nil {
		return f, err
	}
	f.files = int64(files)
	if procs, err = rig.Descendants(s.Egress.PID); err != nil {
		return f, err
	}
	f.processes = int64(len(procs))
	for _, p := range procs {
		f.pss += p.PSS
	}
	f.bytes, err = bytesBelow(s.Egress.WorkDir, s.Egress.Temp)
	return f, err
}

// bytesBelow adds up files.
func bytesBelow(dirs ...string) (sum int64, err error) {
	for _, dir := range dirs {
		err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				sum += info.Size()
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return sum, nil
}
