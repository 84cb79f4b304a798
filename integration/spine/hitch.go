package spine

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	hitchFor   = 400 * time.Millisecond
	hitchEvery = 12 * time.Second
	// settled is how long after a hitch sound and picture may be apart by any time; then by so much in ms, as in a
	// recording without.
	settled  = 7 * time.Second
	apartP95 = 40.0
	apartMax = 80.0
)

// hitches lets each part of the browser source, and then the recorder, stand for a moment in one recording: sound that
// it made late must not stay so.
func hitches() accept.Case {
	parts := []part{parts[0], parts[1], parts[2], parts[4], {name: "network service", is: func(p rig.Process) bool {
		return p.Role == "chromium" && strings.Contains(strings.Join(p.Args, " "), "network.mojom")
	}}, {name: "recorder"}}
	return accept.Case{
		ID: "hitches", Line: 2, Title: fmt.Sprintf("parts stand for %v each: sound and picture are together again %v later", hitchFor, settled),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 1)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
				return l.API.StartRoomComposite(ctx, l.roomRequest("hitches.mp4", "grid"))
			})
			if err != nil {
				return err
			}
			var at []time.Time
			for _, p := range parts {
				if err := pause(ctx, hitchEvery); err != nil {
					return err
				}
				at = append(at, time.Now())
				if err := l.hitch(ctx, p); err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
			}
			if err := pause(ctx, hitchEvery); err != nil {
				return err
			}
			info, _, err := r.stop(ctx)
			if err != nil {
				return err
			}
			if info.Status != livekit.EgressStatus_EGRESS_COMPLETE || len(info.FileResults) != 1 {
				return fmt.Errorf("ended %v: %s", info.Status, info.Error)
			}
			report, err := meter.Measure(ctx, filepath.Join(l.media, "hitches.mp4"), meter.Options{})
			if err != nil {
				return err
			}
			o.Add("meter", "\n```\n%s```", report)
			if len(report.Participants) != 1 {
				return fmt.Errorf("%d participants", len(report.Participants))
			}
			began := time.Unix(0, info.FileResults[0].StartedAt)
			late := hitchJudge(o, "the start", report.Participants[0].Offsets, 0, at[0].Sub(began).Seconds())
			for i, p := range parts {
				from := at[i].Sub(began).Seconds()
				late = append(late, hitchJudge(o, p.name, report.Participants[0].Offsets, from, from+hitchEvery.Seconds())...)
			}
			if len(late) == 0 {
				return nil // judged above
			}
			slices.Sort(late)
			p95 := late[len(late)*95/100]
			o.Add("from then on sound and picture are apart by", "p95 %.0f ms, at most %.0f ms", p95, late[len(late)-1])
			o.Want(p95 <= apartP95, "p95 %.0f ms apart", p95)
			return nil
		},
	}
}

// hitch stops a part for a moment; one without a way to find it is the recorder itself.
func (l *lab) hitch(ctx context.Context, p part) error {
	pids := []int{l.Egress.PID}
	if p.is != nil {
		procs, err := rig.Descendants(l.Egress.PID)
		if err != nil {
			return err
		}
		pids = pids[:0]
		for _, proc := range procs {
			if p.is(proc) {
				pids = append(pids, proc.PID)
			}
		}
		if len(pids) == 0 {
			return fmt.Errorf("not found among %d processes", len(procs))
		}
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return err
		}
		defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
	}
	return pause(ctx, hitchFor)
}

// hitchJudge judges the offsets between one hitch and the next, and returns how far apart they are once settled, in ms.
func hitchJudge(o *accept.Outcome, name string, offsets meter.Offsets, from, to float64) (late []float64) {
	var all []string
	for i, at := range offsets.At {
		if at < from || at >= to {
			continue
		}
		all = append(all, fmt.Sprintf("%+.0f", offsets.Each[i]))
		if at > from+settled.Seconds() {
			late = append(late, math.Abs(offsets.Each[i]))
			o.Want(math.Abs(offsets.Each[i]) <= apartMax, "%s: %.1f s after it sound is %+.0f ms late", name, at-from, offsets.Each[i])
		}
	}
	o.Want(len(late) >= 3, "%s: only %d flashes with their beeps from %v on", name, len(late), settled)
	o.Add("after "+name, "%s ms", strings.Join(all, ", "))
	return late
}
