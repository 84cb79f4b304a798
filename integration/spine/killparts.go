package spine

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/rig"
)

// noticed is how soon the death of a part must be noticed, heldAtMost how long its restart may take.
const (
	noticed    = 2 * time.Second
	heldAtMost = 8 * time.Second
	killedFor  = 4 * time.Second // how long is recorded after the restart
	backWait   = 30 * time.Second
)

// killParts kills each of some parts of the browser source in the middle of a recording: it must be noticed
// soon, and the recording must go on after one restart, with the hole told. slack is how many beeps
// outside of the hole a busy machine may lose.
func killParts(some []part, slack int) accept.Case {
	var names []string
	for _, p := range some {
		names = append(names, p.name)
	}
	return accept.Case{
		ID: "kill-parts", Line: 4, Title: "SIGKILL of " + strings.Join(names, ", ") + ": noticed, told, recorded on",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 1)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			for _, p := range some {
				k, err := l.kill(ctx, p, 0, 3*time.Second, slack)
				o.Want(err == nil, "%s: %v", p.name, err)
				o.Add(p.name, "%s", k)
			}
			return nil
		},
	}
}

// killCampaign kills one part at random times in many recordings.
func killCampaign(p part, runs int) accept.Case {
	return accept.Case{
		ID: "kill-campaign-" + p.slug(), Line: 2, Title: fmt.Sprintf("SIGKILL of %s at %d random times", p.name, runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 1)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			var held, notice []time.Duration
			for n := range runs {
				k, err := l.kill(ctx, p, n, randomly(time.Second, 5*time.Second), 0)
				if err != nil {
					o.Want(false, "run %d: %v", n, err)
					continue
				}
				held, notice = append(held, k.held), append(notice, k.noticed)
			}
			o.Add("gone on", "%d of %d", len(held), runs)
			if p.says != "" {
				o.Add("noticed after", "%s", spread(notice))
			}
			o.Add("picture held", "%s", spread(held))
			return nil
		},
	}
}

// killed is what became of a recording whose part was killed.
type killed struct {
	noticed, held time.Duration
	details       string // about the hole
}

func (k killed) String() string {
	if k.noticed == 0 {
		return k.details
	}
	return fmt.Sprintf("noticed after %d ms: %s", k.noticed.Milliseconds(), k.details)
}

var (
	heldPattern   = regexp.MustCompile(`Page restarted once \((.*) lost\), picture held for ([0-9.]+) s`)
	redrawPattern = regexp.MustCompile(`Chromium's (GPU process) restarted, picture held for ([0-9.]+) s`)
)

// kill records, kills a part after a while, records on and judges the file.
func (l *lab) kill(ctx context.Context, p part, n int, after time.Duration, slack int) (killed, error) {
	var k killed
	before := rig.LookBefore(l.Egress.WorkDir)
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		return l.API.StartRoomComposite(ctx, l.roomRequest(fmt.Sprintf("kill-%s-%d.mp4", p.slug(), n), "grid"))
	})
	if err != nil {
		return k, err
	}
	if err := pause(ctx, after); err != nil {
		return k, err
	}
	procs, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return k, err
	}
	at := time.Now()
	victims := 0
	for _, proc := range procs {
		if p.is(proc) {
			victims++
			if err := syscall.Kill(proc.PID, syscall.SIGKILL); err != nil {
				return k, err
			}
		}
	}
	if victims == 0 {
		return k, fmt.Errorf("not found among %d processes", len(procs))
	}
	if err := l.awaitBack(ctx, p, r.info.EgressId); err != nil {
		return k, err
	}
	if err := pause(ctx, killedFor); err != nil {
		return k, err
	}
	more, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return k, err
	}
	stopped := time.Now()
	info, _, err := r.stop(ctx)
	if err != nil {
		return k, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return k, fmt.Errorf("ended %v: %s", info.Status, info.Error)
	}
	if err := k.read(l, p, info, at, slack); err != nil {
		return k, err
	}
	if err := l.judgeKilled(ctx, k, info, at, stopped, slack); err != nil {
		return k, err
	}
	left, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return k, before.Leaks(left, l.children(append(procs, more...)))
}

// awaitBack waits until the recording has its page again.
func (l *lab) awaitBack(ctx context.Context, p part, egressID string) error {
	msg := "page is back"
	if p.says == "" {
		msg = "chromium draws again"
	}
	ctx, cancel := context.WithTimeout(ctx, backWait)
	defer cancel()
	for {
		_, err := l.Egress.SaidAt(msg, egressID)
		if err == nil {
			return nil
		}
		if pause(ctx, 50*time.Millisecond) != nil {
			return err
		}
	}
}

// children leaves out the recorder itself.
func (l *lab) children(procs []rig.Process) []rig.Process {
	var all []rig.Process
	for _, p := range procs {
		if p.PID != l.Egress.PID {
			all = append(all, p)
		}
	}
	return all
}

// read finds what is told of the hole.
func (k *killed) read(l *lab, p part, info *livekit.EgressInfo, at time.Time, slack int) error {
	m := heldPattern.FindStringSubmatch(info.Details)
	if redrawn := redrawPattern.FindStringSubmatch(info.Details); m == nil && p.says == "" {
		m = redrawn
	}
	switch {
	case m == nil || p.says != "" && m[1] != p.says:
		return fmt.Errorf("details %q, want %q lost", info.Details, p.says)
	}
	seconds, err := strconv.ParseFloat(m[2], 64)
	if err != nil {
		return err
	}
	k.details, k.held = m[0], time.Duration(seconds*float64(time.Second))
	if k.held > heldAtMost && slack == 0 {
		return fmt.Errorf("picture held for %v, %v at most", k.held, heldAtMost)
	}
	if p.says == "" {
		return nil
	}
	when, err := l.Egress.SaidAt("page is lost", info.EgressId)
	if err != nil {
		return err
	}
	if k.noticed = when.Sub(at); k.noticed > noticed {
		return fmt.Errorf("noticed after %v, %v at most", k.noticed, noticed)
	}
	return nil
}

// judgeKilled wants a whole file that lasts as the clock did, shows the card in each frame, moving
// again after the hole, and has each beep outside of it.
func (l *lab) judgeKilled(ctx context.Context, k killed, info *livekit.EgressInfo, at, stopped time.Time, slack int) error {
	f := info.FileResults[0]
	report, err := meter.Measure(ctx, f.Location, meter.Options{IDs: []int{0}})
	if err != nil {
		return err
	}
	zero := time.Unix(0, f.StartedAt)
	wall := stopped.Sub(zero).Seconds()
	// Sound may be lost some time before the death is noticed, and one beep may be cut at each end.
	from := at.Sub(zero).Seconds() - 0.5
	to := from + k.noticed.Seconds() + k.held.Seconds() + 1
	c := report.Participants[0]
	for _, missing := range c.Beeps.Missing {
		if missing >= from && missing <= to {
			continue
		}
		if slack--; slack < 0 {
			return fmt.Errorf("a beep is missing at %.2f s, the hole is from %.2f to %.2f s", missing, from, to)
		}
	}
	off := report.Stream.Duration - wall
	switch {
	case len(report.DecodeErrors) > 0:
		return fmt.Errorf("%d decode errors, first %s", len(report.DecodeErrors), report.DecodeErrors[0])
	case report.UnevenSteps > 0:
		return fmt.Errorf("%d uneven steps in the timestamps", report.UnevenSteps)
	case off > 3*wallWithin || off < -3*wallWithin:
		return fmt.Errorf("the file lasts %.3f s, wall clock %.3f s", report.Stream.Duration, wall)
	case c.Cadence.Unreadable > 0:
		return fmt.Errorf("%d frames show something else than the card", c.Cadence.Unreadable)
	case c.Cadence.LongestFreeze > 1000*(k.noticed+k.held).Seconds()+700:
		return fmt.Errorf("the picture stands for %.0f ms, %v are told", c.Cadence.LongestFreeze, k.held)
	}
	return nil
}
