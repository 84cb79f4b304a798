package spine

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	idleWithin = 0.05 // of the baseline
	warmCycles = 5    // before the baseline: what is made once and kept
)

// idleState is what an idle recorder uses, without the browser that waits in its pool.
type idleState struct {
	goroutines, files, processes, bytes, pss int64
}

// cycles starts and stops egresses; the idle recorder must use as much afterwards as before.
func cycles(runs int) accept.Case {
	return accept.Case{
		ID: "cycles", Line: 6, Title: fmt.Sprintf("%d start/stop cycles with a warm pool: back to the idle baseline", runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLabWith(ctx, 1, map[string]any{"browser_pool": 1})
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			var before, after idleState
			sockets := rig.LookBefore(l.Egress.WorkDir, l.Egress.Temp)
			for n := range warmCycles + runs {
				if n == warmCycles {
					if before, err = l.idle(ctx, n); err != nil {
						return err
					}
				}
				if err := l.cycle(ctx, n); err != nil {
					return fmt.Errorf("cycle %d: %w", n, err)
				}
			}
			if after, err = l.idle(ctx, warmCycles+runs); err != nil {
				return err
			}
			for _, f := range []struct {
				name          string
				before, after int64
			}{
				{"goroutines at the end of an egress", before.goroutines, after.goroutines},
				{"descriptors", before.files, after.files},
				{"processes", before.processes, after.processes},
				{"bytes in work and temporary directory", before.bytes, after.bytes},
				{"PSS of the recorder, kB", before.pss >> 10, after.pss >> 10},
			} {
				o.Add(f.name, "%d before, %d after", f.before, f.after)
				o.Want(float64(f.after-f.before) <= idleWithin*float64(f.before), "%s: %d, %d after %d cycles", f.name, f.before, f.after, runs)
			}
			procs, err := rig.Descendants(l.Egress.PID)
			if err != nil {
				return err
			}
			if _, err := l.Egress.Stop(endWait); err != nil {
				return err
			}
			left, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			// By now the pool is gone too, so that nothing at all may be left.
			return sockets.Leaks(left, procs)
		},
	}
}

// cycle starts and stops one egress.
func (l *lab) cycle(ctx context.Context, n int) error {
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		return l.API.StartRoomComposite(ctx, l.roomRequest(fmt.Sprintf("cycle-%d.mp4", n), "grid"))
	})
	if err != nil {
		return err
	}
	if err := pause(ctx, time.Second); err != nil {
		return err
	}
	info, _, err := r.stop(ctx)
	if err == nil && info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		err = fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	return err
}

// idle looks at the recorder when the browser after the given number of egresses waits.
func (l *lab) idle(ctx context.Context, egresses int) (idleState, error) {
	var s idleState
	if err := l.browserWaits(ctx, egresses+1); err != nil {
		return s, err
	}
	if err := pause(ctx, settle); err != nil {
		return s, err
	}
	counts, err := l.Egress.Counts("resources", "")
	if err != nil {
		return s, err
	}
	s.goroutines = counts["goroutines"]
	files, err := rig.OpenFiles(l.Egress.PID)
	if err != nil {
		return s, err
	}
	s.files = int64(files)
	procs, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return s, err
	}
	s.processes = int64(len(procs))
	for _, p := range procs {
		if p.PID == l.Egress.PID {
			s.pss = p.PSS
		}
	}
	s.bytes, err = bytesBelow(l.Egress.WorkDir, l.Egress.Temp)
	return s, err
}

// bytesBelow adds up files, without those of the browser that waits.
func bytesBelow(dirs ...string) (sum int64, err error) {
	for _, dir := range dirs {
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (strings.HasPrefix(d.Name(), ".browsers-") || strings.HasPrefix(d.Name(), "ffegress-")):
				return fs.SkipDir
			case d.IsDir():
				return nil
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
