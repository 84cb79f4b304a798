package spine

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// lostAtMost is how much of the end a kill may cost.
const lostAtMost = 2 * time.Second

// killDaemon kills the recorder at random times. What was on disk must be playable after it was cut to
// its last whole fragment, and nothing may be left running.
func killDaemon(runs int) accept.Case {
	return accept.Case{
		ID: "kill-daemon", Line: 4, Title: fmt.Sprintf("SIGKILL of the daemon at random times, %d runs", runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 3)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			var lost []time.Duration
			for n := range runs {
				d, err := l.killDaemonOnce(ctx, n)
				if err != nil {
					o.Want(false, "run %d: %v", n, err)
				} else {
					lost = append(lost, d)
				}
				if err := l.Egress.Restart(ctx, l.binary); err != nil {
					return err
				}
			}
			o.Add("playable runs", "%d of %d", len(lost), runs)
			o.Add("media lost before the kill", "%s", spread(lost))
			for _, d := range lost {
				o.Want(d <= lostAtMost, "%v lost, %v at most", d, lostAtMost)
			}
			return nil
		},
	}
}

// killDaemonOnce returns how much media before the kill is not in the work file.
func (l *lab) killDaemonOnce(ctx context.Context, n int) (time.Duration, error) {
	before := rig.LookBefore()
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		return l.API.StartRoomComposite(ctx, l.roomRequest(fmt.Sprintf("kill-daemon-%d.mp4", n), "grid"))
	})
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, randomly(2*time.Second, 10*time.Second)); err != nil {
		return 0, err
	}
	procs, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return 0, err
	}
	killed := time.Now()
	l.Egress.Kill()
	left, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := before.Leaks(left, procs); err != nil {
		return 0, err
	}
	if _, err := os.Stat(filepath.Join(l.media, fmt.Sprintf("kill-daemon-%d.mp4", n))); err == nil {
		return 0, fmt.Errorf("a killed daemon left a file under the final name")
	}
	work := filepath.Join(l.Egress.WorkDir, r.info.EgressId, "work.mp4")
	cut := filepath.Join(l.Dir, fmt.Sprintf("cut-%d.mp4", n))
	if err := copyFile(work, cut); err != nil {
		return 0, err
	}
	if _, err := workfile.Truncate(workfile.OS(), ffpipe.MP4, cut); err != nil {
		return 0, err
	}
	media, err := playable(ctx, cut)
	if err != nil {
		return 0, err
	}
	recorded := killed.Sub(time.Unix(0, r.info.FileResults[0].StartedAt))
	return recorded - media, nil
}

// killEncoder kills the encoder at random times. The same file must go on with a hole of 2 s at most.
func killEncoder(runs int) accept.Case {
	return accept.Case{
		ID: "kill-encoder", Line: 4, Title: fmt.Sprintf("SIGKILL of the encoder at random times, %d runs", runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 3)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			var holes []time.Duration
			for n := range runs {
				hole, err := l.killEncoderOnce(ctx, n)
				if err != nil {
					o.Want(false, "run %d: %v", n, err)
					continue
				}
				holes = append(holes, hole)
				o.Want(hole <= lostAtMost, "run %d: the picture stands still for %v, %v at most", n, hole, lostAtMost)
			}
			o.Add("whole files", "%d of %d", len(holes), runs)
			o.Add("longest still picture", "%s", spread(holes))
			return nil
		},
	}
}

// killEncoderOnce returns the longest time in the recording for which the picture stands still.
func (l *lab) killEncoderOnce(ctx context.Context, n int) (time.Duration, error) {
	before := rig.LookBefore(l.Egress.WorkDir)
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		return l.API.StartRoomComposite(ctx, l.roomRequest(fmt.Sprintf("kill-encoder-%d.mp4", n), "grid"))
	})
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, randomly(2*time.Second, 8*time.Second)); err != nil {
		return 0, err
	}
	procs, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return 0, err
	}
	var children []rig.Process
	for _, p := range procs {
		if p.Role == "encoder" {
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
				return 0, err
			}
		}
		if p.PID != l.Egress.PID {
			children = append(children, p)
		}
	}
	if err := pause(ctx, 6*time.Second); err != nil {
		return 0, err
	}
	info, _, err := r.stop(ctx)
	if err != nil {
		return 0, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return 0, fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	left, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := before.Leaks(left, children); err != nil {
		return 0, err
	}
	return stillest(ctx, info)
}

// randomly is a time between two.
func randomly(from, to time.Duration) time.Duration {
	return from + rand.N(to-from)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}
