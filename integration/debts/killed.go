package debts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
)

// lostAtMost is how much of the end a kill may cost.
const lostAtMost = 2 * time.Second

// killed kills the recorder at random times, starts it again, and looks at what it makes of the dead egress.
func killed(runs int, upload bool) accept.Case {
	id, where := "killed-local", "on this machine"
	if upload {
		id, where = "killed-s3", "in the store"
	}
	return accept.Case{
		ID: id, Line: 3, Title: fmt.Sprintf("SIGKILL of the recorder at random times, %d runs, files %s", runs, where),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			start := newDock
			if !upload {
				start = newDockWithout
			}
			d, err := start(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = d.close() }()
			var worst time.Duration
			whole := 0
			for n := range runs {
				lost, err := d.killOnce(ctx, n, upload)
				if err != nil {
					o.Want(false, "run %d: %v", n, err)
					continue
				}
				whole++
				worst = max(worst, lost)
				o.Want(lost <= lostAtMost, "run %d: %v lost", n, lost)
			}
			o.Add("recovered", "%d of %d", whole, runs)
			o.Add("media lost before the kill, at most", "%.2f s", worst.Seconds())
			return nil
		},
	}
}

// killOnce returns how much of what was recorded is missing.
func (d *dock) killOnce(ctx context.Context, n int, upload bool) (time.Duration, error) {
	name := fmt.Sprintf("killed/%d.mp4", n)
	if !upload {
		name = filepath.Join(d.Media, name)
	}
	r, err := d.record(ctx, name)
	if err != nil {
		return 0, err
	}
	if err := lab.Pause(ctx, 2*time.Second+rand.N(6*time.Second)); err != nil {
		return 0, err
	}
	at := time.Now()
	d.Egress.Kill()
	if err := d.Egress.Restart(ctx, d.Binary); err != nil {
		return 0, err
	}
	final, err := r.End(ctx)
	if err != nil {
		return 0, err
	}
	f := final.FileResults[0]
	if final.Status != livekit.EgressStatus_EGRESS_FAILED || final.ErrorCode != 500 || final.Error == "" || f.Location == "" {
		return 0, fmt.Errorf("%v %d %q, file %v", final.Status, final.ErrorCode, final.Error, f)
	}
	path := f.Location
	if upload {
		if path, err = d.fetch(name); err != nil {
			return 0, err
		}
	}
	length, err := seconds(ctx, path)
	if err != nil {
		return 0, err
	}
	if told := time.Duration(f.Duration).Seconds(); told < length-0.1 || told > length+0.1 {
		return 0, fmt.Errorf("the duration told is %.2f s, the file's is %.2f s", told, length)
	}
	if err := until(ctx, "webhook of the end", 10*time.Second, func() bool { return d.ends(r.Info.EgressId) > 0 }); err != nil {
		return 0, err
	}
	if ends := d.ends(r.Info.EgressId); ends != 1 {
		return 0, fmt.Errorf("%d webhooks of the end", ends)
	}
	recorded := at.Sub(time.Unix(0, f.StartedAt))
	return recorded - time.Duration(length*float64(time.Second)), nil
}
