package session

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/service/plan"
)

// TestVolume: a disk fills at 1 MB/s and is emptied again.
func TestVolume(t *testing.T) {
	const mb = 1 << 20
	v := volume{name: "work_dir", again: true}
	at, warned := time.Unix(1_700_000_000, 0), map[int]time.Duration{}
	for s := range int64(3000) {
		// Half a MB is written, which must fit there again.
		if err := v.look(at.Add(time.Duration(s)*time.Second), (2026-s/2)*mb, s*mb/2); err != nil {
			if s != 2000 || !strings.Contains(err.Error(), "disk full: work_dir has room for 26 MB more;") {
				t.Fatalf("after %d s: %v", s, err)
			}
			break
		}
		if v.warn() {
			warned[v.level] = time.Duration(2000-s) * time.Second
		}
	}
	for level, left := range spaceWarnings {
		if got := warned[level+1]; (got - left).Abs() > 5*time.Second {
			t.Errorf("warning %d was given %v before the end, want %v", level+1, got, left)
		}
	}
	for s := range int64(40) {
		if err := v.look(at.Add(time.Duration(2010+s)*time.Second), 5000*mb, 0); err != nil || v.warn() {
			t.Fatalf("%v, warnings %d", err, v.level)
		}
	}
	if v.level != 0 {
		t.Errorf("warning %d stands though the disk is empty", v.level)
	}
}

// TestSpaceIsTold: the time left is in the details as long as the disk fills, and in no terminal ones.
func TestSpaceIsTold(t *testing.T) {
	var states []livekit.EgressStatus
	s := newTestStatus(&states)
	var told []string
	s.onUpdate = func(i *livekit.EgressInfo) { told = append(told, i.Details) }
	s.active()
	s.fills("work_dir is full within 10 min")
	s.fills("work_dir is full within 10 min")
	s.fills("")
	s.fills("work_dir is full within 1 min")
	s.terminal(livekit.EgressStatus_EGRESS_FAILED, "disk full", 500, time.Now())
	want := []string{"", lowPrefix + "work_dir is full within 10 min", "", lowPrefix + "work_dir is full within 1 min", ""}
	if !slices.Equal(told, want) {
		t.Errorf("details %q, want %q", told, want)
	}
}

// TestDiskFull: what is recorded while the disk fills is ended in time and delivered; with no room nothing begins.
func TestDiskFull(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 40)
	space := func(string) (workfile.Space, error) { return workfile.Space{Free: free.Load()}, nil }
	dir := t.TempDir()
	target := filepath.Join(dir, "out", "x.mp4")
	r := startPlan(t, t.Context(), dir, target, Options{space: space}, nil)
	r.recorded(t)
	free.Store(leastSpace)
	final := r.wait(t)
	const want = "disk full: work_dir has room for 16 MB more; the recording was ended while it could be saved"
	if final.Status != stFailed || final.Error != want || final.ErrorCode != 500 {
		t.Errorf("%v %d %q", final.Status, final.ErrorCode, final.Error)
	}
	if info, err := os.Stat(target); err != nil || info.Size() != final.FileResults[0].Size || final.FileResults[0].Location != target {
		t.Errorf("the file result is %v: %v", final.FileResults[0], err)
	}

	free.Store(leastSpace - 1)
	r = startPlan(t, t.Context(), t.TempDir(), target, Options{space: space}, nil)
	if final := r.wait(t); final.Status != stFailed || final.Error != "disk full: work_dir has 15 MB left" || r.source.closed != 1 {
		t.Errorf("%v %q", final.Status, final.Error)
	}
}

// TestFullAtOnce: a write that finds the disk full is told as such, without where that was.
func TestFullAtOnce(t *testing.T) {
	err := deliveryError(fmt.Errorf("record x.mp4: %w", &os.PathError{Op: "write", Path: "/var/lib/secret/work.mp4", Err: syscall.ENOSPC}))
	if want := "disk full: record x.mp4: write work.mp4: no space left on device"; err.Error() != want || errorCode(err) != 500 || !workfile.Full(err) {
		t.Errorf("%v (%d), want %s", err, errorCode(err), want)
	}
}

// TestVolumesOfPlans: what writes nothing has none; a target on the disk of the work directory is no second one.
func TestVolumesOfPlans(t *testing.T) {
	dir := t.TempDir()
	work := filepath.Join(dir, "work", "EG_x")
	for name, c := range map[string]struct {
		plan plan.Plan
		want int
	}{
		"streams":        {plan.Plan{WorkDir: work}, 0},
		"to a WebSocket": {plan.Plan{WorkDir: work, Passthrough: true, WebSocket: "ws://x"}, 0},
		"a track":        {plan.Plan{WorkDir: work, Passthrough: true}, 1},
		"a file":         {plan.Plan{WorkDir: work, File: plan.File{Path: filepath.Join(dir, "new", "x.mp4")}}, 1},
		"another disk":   {plan.Plan{WorkDir: work, File: plan.File{Path: "/proc/x.mp4"}}, 2},
	} {
		s := Session{plan: &c.plan, space: workfile.SpaceOf}
		if got := s.volumes(); len(got) != c.want {
			t.Errorf("%s: %d volumes", name, len(got))
		}
	}
}
