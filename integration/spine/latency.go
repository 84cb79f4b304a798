package spine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
)

// startLatency measures how long an accepted request takes to its first frame and first byte on disk.
func startLatency(runs int) accept.Case {
	return accept.Case{
		ID: "start-latency", Line: 5,
		Title: fmt.Sprintf("request accepted → first frame, → first byte on disk, %d cold starts, 3 publishers", runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 3)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			var frame, disk []time.Duration
			for n := range runs {
				t, err := l.startOnce(ctx, n)
				if err != nil {
					return err
				}
				frame, disk = append(frame, t.frame), append(disk, t.disk)
			}
			o.Add("accepted → first frame", "%s", spread(frame))
			o.Add("accepted → first byte on disk", "%s", spread(disk))
			return nil
		},
	}
}

// started is how long after its acceptance an egress has its first frame and its first byte on disk.
type started struct{ frame, disk time.Duration }

func (l *lab) startOnce(ctx context.Context, n int) (started, error) {
	info, err := l.API.StartRoomComposite(ctx, l.roomRequest(fmt.Sprintf("start-%d.mp4", n), "grid"))
	if err != nil {
		return started{}, err
	}
	accepted := time.Unix(0, info.StartedAt)
	wrote, err := firstByte(ctx, filepath.Join(l.Egress.WorkDir, info.EgressId, "work.mp4"))
	if err != nil {
		return started{}, err
	}
	r := &recording{lab: l, info: info}
	if info, _, err = r.stop(ctx); err != nil {
		return started{}, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return started{}, fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	first := time.Unix(0, info.FileResults[0].StartedAt)
	return started{first.Sub(accepted), wrote.Sub(accepted)}, nil
}

// firstByte waits until there is something in the file.
func firstByte(ctx context.Context, path string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if st, err := os.Stat(path); err == nil && st.Size() > 0 {
			return time.Now(), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("nothing in the work file: %w", ctx.Err())
		}
	}
}

// stopLatency measures how long a recording takes from the stop to COMPLETE.
func stopLatency(runs int, length time.Duration) accept.Case {
	return accept.Case{
		ID: "stop-latency", Line: 5, Title: fmt.Sprintf("stop → COMPLETE of a %v file, %d runs", length, runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 3)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			var all []time.Duration
			for n := range runs {
				r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
					return l.API.StartRoomComposite(ctx, l.roomRequest(fmt.Sprintf("stop-%d.mp4", n), "grid"))
				})
				if err != nil {
					return err
				}
				if err := pause(ctx, length); err != nil {
					return err
				}
				info, took, err := r.stop(ctx)
				if err != nil {
					return err
				}
				o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "run %d: %v: %s", n, info.Status, info.Error)
				all = append(all, took)
			}
			o.Add("stop → COMPLETE seen in ListEgress (polled every 50 ms)", "%s", spread(all))
			return nil
		},
	}
}
