package debts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"
	"golang.org/x/sync/errgroup"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	// lostAtMost is how much of the end a kill may cost.
	lostAtMost = 2 * time.Second
	// killFrom and killSpan are when a recording is killed.
	killFrom, killSpan = 2500 * time.Millisecond, 7 * time.Second
	// webEvery is how many runs there are to one with a browser in it.
	webEvery = 5
)

// killing is a part of the runs in which the recorder is killed under one egress of each kind.
type killing struct {
	part, runs int
	group      bool // all that the recorder has started is killed at once with it
	upload     bool
}

func (k killing) id() string {
	return fmt.Sprintf("killed-%s-%d", map[bool]string{false: "daemon", true: "group"}[k.group], k.part)
}

// killed kills the recorder at random times, starts it again, and looks at what it makes of the dead egresses.
func killed(k killing) accept.Case {
	what := map[bool]string{false: "the recorder", true: "the recorder with all its processes"}[k.group]
	where := map[bool]string{false: "on this machine", true: "in the store"}[k.upload]
	return accept.Case{
		ID: k.id(), Line: 3, Title: fmt.Sprintf("SIGKILL of %s at random times, %d runs with each kind of output, files %s", what, k.runs, where),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			start := newDockWithout
			if k.upload {
				start = newDock
			}
			d, err := start(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = d.close() }()
			p, err := d.Publish(ctx, publish.Options{Room: d.Room, Participants: 1, Sizes: []publish.Size{{Width: 320, Height: 180}}})
			if err != nil {
				return err
			}
			defer p.Close()
			worst, recovered := map[string]time.Duration{}, 0
			for n := range k.runs {
				recovered += d.killOnce(ctx, o, k, n, p, worst)
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
			o.Add("egresses recovered", "%d", recovered)
			for _, name := range slices.Sorted(maps.Keys(worst)) {
				o.Add("lost at most, "+name, "%.2f s", worst[name].Seconds())
			}
			return nil
		},
	}
}

// killOnce starts one egress of each kind, kills the recorder and tells how many egresses are as they should be.
func (d *dock) killOnce(ctx context.Context, o *accept.Outcome, k killing, n int, p *publish.Publisher, worst map[string]time.Duration) (recovered int) {
	all := kinds
	if n%webEvery == 0 {
		all = append(slices.Clone(kinds), web)
	}
	running := make([]*lab.Recording, len(all))
	group, started := errgroup.WithContext(ctx)
	for i, kind := range all {
		group.Go(func() (err error) {
			running[i], err = d.Start(started, func() (*livekit.EgressInfo, error) {
				return kind.ask(started, d, p, func(name string) string { return d.named(k, n, i, name) })
			})
			if err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
			return nil
		})
	}
	err := group.Wait()
	if err == nil {
		// From the time when tracks are held back for the reports of their senders until they are no more.
		err = lab.Pause(ctx, killFrom+rand.N(killSpan))
	}
	if err != nil {
		o.Want(false, "run %d: %v", n, err)
		return 0
	}
	at := time.Now()
	if err := d.kill(k.group); err != nil {
		o.Want(false, "run %d: %v", n, err)
	}
	if err := d.Egress.Restart(ctx, d.Binary); err != nil {
		o.Want(false, "run %d: %v", n, err)
		return 0
	}
	for i, kind := range all {
		lost, err := d.recovered(ctx, running[i], kind, d.named(k, n, i, ""), k.upload, at)
		if err != nil {
			o.Want(false, "run %d, %s: %v", n, kind.name, err)
			continue
		}
		recovered++
		for what, d := range lost {
			name := kind.name + ": " + what
			worst[name] = max(worst[name], d)
			o.Want(d <= lostAtMost, "run %d, %s: %.2f s lost", n, name, d.Seconds())
		}
	}
	return recovered
}

// named is the storage path of a name of a run; "" is its folder.
func (d *dock) named(k killing, run, i int, name string) string {
	key := fmt.Sprintf("killed/%s/%d-%d/%s", k.id(), run, i, name)
	if k.upload {
		return key
	}
	return filepath.Join(d.Media, key)
}

// kill ends the recorder, with all that it has started or alone; what it has started ends with it.
func (d *dock) kill(group bool) error {
	all, err := rig.Descendants(d.Egress.PID)
	if err != nil {
		return err
	}
	before := rig.LookBefore()
	if group {
		for _, p := range all {
			if p.PID != d.Egress.PID {
				_ = syscall.Kill(p.PID, syscall.SIGKILL) // it may have ended
			}
		}
	}
	d.Egress.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return before.Leaks(ctx, all)
}

// recovered waits for the end of a dead egress and tells how much of what it recorded is missing.
func (d *dock) recovered(ctx context.Context, r *lab.Recording, k kind, place string, upload bool, at time.Time) (lost map[string]time.Duration, err error) {
	final, err := r.End(ctx)
	if err != nil {
		return nil, err
	}
	if final.Status != livekit.EgressStatus_EGRESS_FAILED || final.ErrorCode != 500 || !strings.Contains(final.Error, "killed") {
		return nil, fmt.Errorf("%v %d %q", final.Status, final.ErrorCode, final.Error)
	}
	dir := place
	if upload {
		if dir, err = d.download(place); err != nil {
			return nil, err
		}
	}
	if err := whole(dir); err != nil {
		return nil, err
	}
	f, err := k.find(ctx, dir, final)
	if err != nil {
		return nil, err
	}
	id := r.Info.EgressId
	if err := until(ctx, "webhook of the end", 10*time.Second, func() bool { return d.ends(id) > 0 }); err != nil {
		return nil, err
	}
	if ends := d.ends(id); ends != 1 {
		return nil, fmt.Errorf("%d webhooks of the end", ends)
	}
	lost = map[string]time.Duration{}
	recorded := at.Sub(beganAt(final))
	for what, length := range f.seconds {
		lost[what] = recorded - time.Duration(length*float64(time.Second))
	}
	if k.images { // one at each whole second, the first at once
		lost["images"] = recorded - time.Duration(f.images)*time.Second
	}
	return lost, nil
}

func beganAt(info *livekit.EgressInfo) time.Time {
	if len(info.FileResults) > 0 {
		return time.Unix(0, info.FileResults[0].StartedAt)
	}
	return time.Unix(0, info.SegmentResults[0].StartedAt)
}

// download brings the objects of a folder to this machine.
func (d *dock) download(prefix string) (dir string, err error) {
	keys, err := d.store.Keys(bucket)
	if err != nil {
		return "", err
	}
	dir = filepath.Join(d.Dir, "downloaded", prefix)
	for _, key := range keys {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		body, err := d.store.Read(bucket, key)
		if err != nil {
			return "", err
		}
		path := filepath.Join(d.Dir, "downloaded", key)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, body, 0o600)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// whole looks for empty files, and for what somebody began and left.
func whole(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil && (info.Size() == 0 || strings.HasPrefix(e.Name(), ".")) {
			err = fmt.Errorf("%s has %d bytes", e.Name(), info.Size())
		}
		return err
	})
}
