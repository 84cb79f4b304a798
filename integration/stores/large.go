package stores

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/uploads"
)

// troubleWait bounds how long an upload may take to meet its faults.
const troubleWait = 2 * time.Minute

// large puts one object through faults, by a queue that ends in the middle and by the next one.
func large(id string, open opener, size int64) accept.Case {
	return accept.Case{
		ID: "large-" + id, Line: 1,
		Title: fmt.Sprintf("%d MB to %s: 500, 429, 403, a cut in mid-part, slowness, and another process in the middle", size/1e6, id),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			dir, err := os.MkdirTemp("", "large-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			d, err := open(ctx, dir)
			if err != nil {
				return err
			}
			defer d.stop()
			undo, err := d.apply()
			if err != nil {
				return err
			}
			return errors.Join(d.takeLarge(ctx, o, dir, size), undo())
		},
	}
}

func (d *depot) takeLarge(ctx context.Context, o *accept.Outcome, dir string, size int64) error {
	c, err := newCargo(dir, size)
	if err != nil {
		return err
	}
	debt := uploads.Debt{ID: "file", Egress: "EG_large", Name: "large.mp4", Key: "a/large.mp4", ContentType: "video/mp4", Target: d.target}
	begun := time.Now()
	first, err := c.owe(debt)
	if err != nil {
		return err
	}
	ending, end := context.WithCancel(ctx)
	defer end()
	weather := make(chan error, 1)
	go func() {
		defer end() // the process ends in the middle
		troubled, cancel := context.WithTimeout(ctx, troubleWait)
		defer cancel()
		weather <- d.trouble(troubled)
	}()
	first.Run(ending)
	if err := <-weather; err != nil {
		return fmt.Errorf("not every fault was met: %w", err)
	}
	sent := bodies(d.front.Requests())
	d.front.Fail(nil)

	second, err := c.queue()
	if err != nil {
		return err
	}
	if err := c.pay(ctx, second); err != nil {
		return err
	}
	took := time.Since(begun)
	body, err := d.read(ctx, debt.Key)
	if err != nil {
		return err
	}
	all := bodies(d.front.Requests())
	o.Want(sumOf(body) == c.sum, "the object has %d bytes and another SHA-256", len(body))
	o.Want(all-sent < size, "the second process has sent all %d MB again", (all-sent)/1e6)
	o.Add("time with faults, pauses between tries included", "%.1f s", took.Seconds())
	o.Add("announced in all, by the second process", "%d MB, %d MB", all/1e6, (all-sent)/1e6)
	return nil
}

// largeToBackup has a store die in the middle of a large object, whose backup gets it whole.
func largeToBackup(size int64) accept.Case {
	return accept.Case{
		ID: "backup-large", Line: 2, Title: fmt.Sprintf("GCS dies in the middle of %d MB; Azure is the backup", size/1e6),
		Run: func(ctx context.Context, o *accept.Outcome) (err error) {
			dir, err := os.MkdirTemp("", "large-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			var both [2]*depot
			for i, open := range []opener{openGCS, openAzure} {
				if both[i], err = open(ctx, dir); err != nil {
					return err
				}
				defer both[i].stop()
				undo, err := both[i].apply()
				if err != nil {
					return err
				}
				defer func() { _ = undo() }()
			}
			return both[0].hand(ctx, o, both[1], dir, size)
		},
	}
}

// hand has a store die in mid-file.
func (d *depot) hand(ctx context.Context, o *accept.Outcome, backup *depot, dir string, size int64) error {
	c, err := newCargo(dir, size)
	if err != nil {
		return err
	}
	begun := time.Now()
	queue, err := c.owe(uploads.Debt{
		ID: "file", Egress: "EG_large", Name: "large.mp4", Key: "a/large.mp4", Target: d.target,
		Backup: &uploads.Backup{Target: backup.target, Key: "b/large.mp4"},
	})
	if err != nil {
		return err
	}
	var sent atomic.Int64
	d.front.Fail(&objects.Fault{Cut: 3 << 20, Match: func(r *http.Request) bool { return sent.Add(max(r.ContentLength, 0)) > size/2 }})
	if err := c.pay(ctx, queue); err != nil {
		return err
	}
	took := time.Since(begun)
	if debt := queue.Ticket(c.home, "file").Debt(); !debt.BackupUsed || !strings.HasSuffix(debt.Location, "/b/large.mp4") {
		o.Want(false, "backup used %v, at %s", debt.BackupUsed, debt.Location)
	}
	body, err := backup.read(ctx, "b/large.mp4")
	if err != nil {
		return err
	}
	o.Want(sumOf(body) == c.sum, "the object has %d bytes and another SHA-256", len(body))
	_, err = d.read(ctx, "a/large.mp4")
	o.Want(err != nil, "the store that died has an object")
	o.Want(d.front.Met() > 0, "no request met the fault")
	o.Add("time, the store's tries included", "%.1f s", took.Seconds())
	return nil
}

// between is how many pieces are sent unharmed after each fault: what is never taken cannot be gone on from.
const between = 2

// trouble has requests meet one fault after the other, and ends when all of them were met.
func (d *depot) trouble(ctx context.Context) error {
	faults := []objects.Fault{
		{Status: http.StatusInternalServerError, Code: "InternalError", Times: 2},
		{Status: http.StatusTooManyRequests, Code: "SlowDown", Times: 1},
		{Cut: 3 << 20, Times: 1},
		{Status: http.StatusForbidden, Code: "AccessDenied", Times: 1},
		{Slow: 2 * time.Millisecond, Times: 1},
	}
	for i, fault := range faults {
		var pieces atomic.Int64
		fault.Match = func(r *http.Request) bool {
			is := r.Method == http.MethodPut && r.ContentLength > 1<<20
			if is {
				pieces.Add(1)
			}
			return is
		}
		wanted := int64(fault.Times + between)
		if i == len(faults)-1 {
			wanted = 0 // the process ends while this one is sent
		}
		d.front.Fail(&fault)
		for d.front.Met() < fault.Times || pieces.Load() < wanted {
			if err := lab.Pause(ctx, 2*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// bodies are the bytes that clients have announced.
func bodies(requests []objects.Request) (n int64) {
	for _, r := range requests {
		n += max(r.Size, 0)
	}
	return n
}

func sumOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
