package outlets

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// killSegmenter kills the children that make MPEG-TS, one for each segment, as they come.
func killSegmenter(length time.Duration) accept.Case {
	r := order{id: "kill-segmenter"}
	return accept.Case{
		ID: r.id, Line: 1, Title: "SIGKILL of the children that make MPEG-TS: nothing is missing",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := r.newLab(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			rec, done, err := r.place(ctx, l)
			if err != nil {
				return err
			}
			defer done()
			killed, err := killEach(ctx, l.Egress.PID, length)
			if err != nil {
				return err
			}
			o.Add("children killed", "%d", killed)
			o.Want(killed >= 3, "only %d children were caught", killed)
			info, _, err := rec.Stop(ctx)
			if err != nil {
				return err
			}
			return r.judge(ctx, o, info, 0)
		},
	}
}

// killEach kills a child that writes MPEG-TS whenever it sees one, but no two within a second: the second may be the
// first one's successor. It looks at the recorder's own children only, often and cheaply.
func killEach(ctx context.Context, parent int, length time.Duration) (killed int, err error) {
	end := time.After(length)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var last time.Time
	for {
		select {
		case <-tick.C:
		case <-end:
			return killed, nil
		case <-ctx.Done():
			return killed, ctx.Err()
		}
		if time.Since(last) < time.Second {
			continue
		}
		if pid := segmenterOf(parent); pid > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
			last = time.Now()
		}
	}
}

// segmenterOf is a child that writes MPEG-TS now; 0 = there is none.
func segmenterOf(parent int) int {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, child := range strings.Fields(string(children)) {
			args, _ := os.ReadFile("/proc/" + child + "/cmdline")
			if bytes.HasSuffix(args, []byte("-f\x00mpegts\x00pipe:1\x00")) {
				pid, _ := strconv.Atoi(child)
				return pid
			}
		}
	}
	return 0
}
