package debts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
)

// mountScript starts the recorder in a mount namespace of its own with a tmpfs in it: the kernel clears both away with
// the last process in there, however that ends.
const mountScript = `#!/bin/sh
own=--mount
[ "$(id -u)" = 0 ] || own="--mount --map-root-user"
exec unshare $own sh -c 'mount -t tmpfs -o size=%dm,mode=0777 tmpfs "$0" && exec "$@"' '%s' '%s' "$@"
`

// quotaDock is a dock whose recorder has a small tmpfs.
type quotaDock struct {
	*dock
	quota string // where the tmpfs is, for the recorder
}

// newQuotaDock has a tmpfs of that many MB, and the work directory on it, or not.
func newQuotaDock(ctx context.Context, size int, work bool) (*quotaDock, error) {
	var quota string
	d, err := startDock(ctx, func(_ *objects.Server, dir string) lab.Options {
		quota = filepath.Join(dir, "quota")
		config := map[string]any{"browser_pool": 0}
		if work {
			config["work_dir"] = filepath.Join(quota, "work")
		}
		o := withConfig(config)
		o.Wrap = func(binary, dir string) (string, error) {
			script := filepath.Join(dir, "in-namespace")
			body := fmt.Sprintf(mountScript, size, quota, binary)
			return script, errors.Join(os.MkdirAll(quota, 0o755), os.WriteFile(script, []byte(body), 0o700))
		}
		return o
	})
	return &quotaDock{d, quota}, err
}

// seen is a path of the recorder's as it is to be had from outside.
func (q *quotaDock) seen(path string) string {
	return fmt.Sprintf("/proc/%d/root%s", q.Egress.PID, path)
}

func (q *quotaDock) ballast() string { return q.seen(filepath.Join(q.quota, "ballast")) }

// load fills the tmpfs by that many MB each second until it is full, or done is.
func (q *quotaDock) load(ctx context.Context, mbs int, done <-chan struct{}) error {
	f, err := os.OpenFile(q.ballast(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	piece := make([]byte, 64<<10)
	tick := time.NewTicker(time.Second / time.Duration(16*mbs))
	defer tick.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if _, err := f.Write(piece); errors.Is(err, syscall.ENOSPC) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// warned counts the lines of the recorder's log that tell of a disk that fills.
func (q *quotaDock) warned() (int, error) {
	body, err := os.ReadFile(q.Egress.LogPath)
	return strings.Count(string(body), "disk fills"), err
}
