package workfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
)

const (
	workPath   = "/work-dir/egress.mp4"
	targetPath = "/out/room.mp4"
)

// recording is one run of a job on a disk, up to the cut.
type recording struct {
	appended  []byte
	ends      []int64 // where fragments end in appended
	created   bool
	synced    int64 // bytes that a finished sync covers
	published bool
	nice      []byte // what the finalised file holds
}

// record runs a job: create, append with a sync now and then, close, finalise
// or deliver, remove the work file. It returns at the first error.
func record(d *disk, seed uint64, finalise bool) (rec recording) {
	r := rand.New(rand.NewPCG(seed, 1))
	s := &Syncer{Interval: 1 << 62} // the test says when
	w, err := Create(d, s, workPath)
	if err != nil {
		return rec
	}
	rec.created = true
	defer w.Close()
	sync := func() {
		size := w.Size()
		if s.syncAll(); w.failed() == nil {
			rec.synced = size
		}
	}
	parts := [][]byte{initSegment()}
	for range 3 + r.IntN(8) {
		parts = append(parts, fragmentOf(r, 1+r.IntN(40), 1+r.IntN(12000), 1+r.IntN(300)))
	}
	for i, part := range parts {
		rec.appended = append(rec.appended, part...)
		if i > 0 {
			rec.ends = append(rec.ends, int64(len(rec.appended)))
		}
		if w.Append(part) != nil {
			return rec
		}
		if r.IntN(3) == 0 {
			sync()
		}
	}
	size := w.Size()
	if w.Close() != nil {
		return rec
	}
	rec.synced = size
	if finalise {
		f := Finaliser{FS: d, remux: fakeRemux(d, &rec.nice)}
		if Finalise(context.Background(), f, workPath, targetPath) != nil {
			return rec
		}
		rec.published = true
		if d.Remove(workPath) == nil {
			_ = d.SyncDir("/work-dir")
		}
		return rec
	}
	rec.nice = rec.appended
	rec.published = Deliver(d, workPath, targetPath) == nil
	return rec
}

func (w *Writer) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// check says what a cut broke that it must not break, and recovers the job.
func (rec recording) check(d *disk) error {
	target, work := d.names[targetPath], d.names[workPath]
	if target != nil {
		if !bytes.Equal(target.data, rec.nice) || len(rec.nice) == 0 {
			return fmt.Errorf("the target has %d bytes that are not the recording's %d", len(target.data), len(rec.nice))
		}
		return nil
	}
	if rec.published {
		return errors.New("a published file is gone")
	}
	if work == nil {
		if rec.created {
			return errors.New("both files are gone")
		}
		return nil
	}
	size, err := Truncate(d, ffpipe.MP4, workPath)
	if errors.Is(err, ErrEmpty) {
		if len(rec.ends) > 0 && rec.synced >= rec.ends[0] {
			return fmt.Errorf("ErrEmpty with %d synced bytes", rec.synced)
		}
		return nil
	}
	if err != nil {
		return err
	}
	switch got := d.names[workPath].data; {
	case int64(len(got)) != size || !slices.Contains(rec.ends, size):
		return fmt.Errorf("truncated to %d (file %d), not the end of a fragment", size, len(got))
	case size < rec.synced:
		return fmt.Errorf("truncated to %d of %d synced bytes", size, rec.synced)
	case !bytes.Equal(got, rec.appended[:size]):
		return errors.New("what is left is not what was appended")
	case !bytes.Equal(got, d.names[workPath].synced):
		return errors.New("truncated, but not durable")
	}
	f := Finaliser{FS: d, remux: fakeRemux(d, &rec.nice)}
	if err := Finalise(context.Background(), f, workPath, targetPath); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if !bytes.Equal(d.names[targetPath].synced, rec.nice) {
		return errors.New("recovered, but not durable")
	}
	return nil
}

func TestPowerCut(t *testing.T) {
	cuts, inTruncate := 0, 0
	for seed := uint64(0); seed < 40; seed++ {
		for _, way := range []string{"finalise", "deliver", "deliver across"} {
			whole := newDisk(seed, 0)
			whole.devices = way == "deliver across"
			rec := record(whole, seed, way == "finalise")
			if !rec.published || !bytes.Equal(whole.durable[targetPath].synced, rec.nice) {
				t.Fatalf("seed %d, %s: not published without a cut", seed, way)
			}
			if left := len(whole.reboot().names); left != 1 {
				t.Fatalf("seed %d, %s: %d files at the end", seed, way, left)
			}
			for cut := 1; cut <= whole.steps; cut++ {
				d := newDisk(seed, cut)
				d.devices = whole.devices
				rec := record(d, seed, way == "finalise")
				if !d.off {
					t.Fatalf("seed %d, %s: no cut at %d", seed, way, cut)
				}
				cuts++
				after := d.reboot()
				// Every other time the power fails again during the recovery.
				if cut%2 == 0 {
					after.cutAt = after.rand.IntN(12) + 1
					if _, err := Truncate(after, ffpipe.MP4, workPath); errors.Is(err, errPower) {
						inTruncate++
					}
					after.off = true
					after = after.reboot()
				}
				if err := rec.check(after); err != nil {
					t.Fatalf("seed %d, %s, cut %d of %d: %v", seed, way, cut, whole.steps, err)
				}
			}
		}
	}
	if cuts < 1000 || inTruncate < 100 {
		t.Errorf("only %d cuts, %d of them in Truncate", cuts, inTruncate)
	}
	t.Logf("%d cuts, and %d in Truncate after them", cuts, inTruncate)
}
