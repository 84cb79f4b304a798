package outlets

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
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
// first one's successor.
func killEach(ctx context.Context, root int, length time.Duration) (killed int, err error) {
	end := time.After(length)
	tick := time.NewTicker(3 * time.Millisecond)
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
		all, err := rig.Descendants(root)
		if err != nil {
			return killed, err
		}
		i := slices.IndexFunc(all, func(p rig.Process) bool { return strings.HasSuffix(strings.Join(p.Args, " "), "-f mpegts pipe:1") })
		if i >= 0 && syscall.Kill(all[i].PID, syscall.SIGKILL) == nil {
			killed++
			last = time.Now()
		}
	}
}
