package spine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// noticed is how soon the death of a part must be noticed.
const noticed = 2 * time.Second

// part is a process of the browser source, found among the recorder's descendants.
type part struct {
	name string
	is   func(rig.Process) bool
	says string // in the egress' error
}

var parts = []part{
	{"renderer", func(p rig.Process) bool {
		args := strings.Join(p.Args, " ") // a forked child of Chromium has one argument with spaces
		return p.Role == "chromium" && strings.Contains(args, "--type=renderer") && !strings.Contains(args, "top-chrome")
	}, "page"},
	{"chromium", func(p rig.Process) bool {
		return p.Role == "chromium" && !strings.Contains(strings.Join(p.Args, " "), "--type=") && !strings.Contains(p.Name, "crashpad")
	}, "chromium"},
	{"xvfb", func(p rig.Process) bool { return p.Role == "xvfb" }, "xvfb"},
	{"pulseaudio", func(p rig.Process) bool { return p.Role == "pulseaudio" }, "pulseaudio"},
}

// killParts kills each part of the browser source in the middle of a recording: the egress must end
// FAILED soon, say why, and deliver what was recorded.
func killParts() accept.Case {
	return accept.Case{
		ID: "kill-parts", Line: 4, Title: "SIGKILL of renderer, Chromium, Xvfb, PulseAudio: noticed, told, delivered",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 1)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			for _, p := range parts {
				took, said, err := l.killPart(ctx, p)
				o.Want(err == nil, "%s: %v", p.name, err)
				o.Add(p.name, "FAILED with its file after %d ms: %s", took.Milliseconds(), said)
			}
			return nil
		},
	}
}

// killPart returns how long the egress took from the kill to its end, file and all.
func (l *lab) killPart(ctx context.Context, p part) (time.Duration, string, error) {
	before := rig.LookBefore(l.Egress.WorkDir)
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		return l.API.StartRoomComposite(ctx, l.roomRequest("kill-"+p.name+".mp4", "grid"))
	})
	if err != nil {
		return 0, "", err
	}
	if err := pause(ctx, 4*time.Second); err != nil {
		return 0, "", err
	}
	procs, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return 0, "", err
	}
	killed := time.Now()
	victims := 0
	for _, proc := range procs {
		if p.is(proc) {
			victims++
			if err := syscall.Kill(proc.PID, syscall.SIGKILL); err != nil {
				return 0, "", err
			}
		}
	}
	if victims == 0 {
		return 0, "", fmt.Errorf("not found among %d processes", len(procs))
	}
	info, err := r.end(ctx)
	if err != nil {
		return 0, "", err
	}
	took := time.Since(killed)
	f := info.FileResults[0]
	ended := time.Unix(0, info.EndedAt)
	switch {
	case info.Status != livekit.EgressStatus_EGRESS_FAILED:
		return took, info.Error, fmt.Errorf("ended %v", info.Status)
	case !strings.Contains(info.Error, p.says):
		return took, info.Error, fmt.Errorf("says %q, want %q in it", info.Error, p.says)
	case ended.Sub(killed) > noticed:
		return took, info.Error, fmt.Errorf("noticed after %v, %v at most", ended.Sub(killed), noticed)
	}
	media, err := playable(ctx, f.Location)
	if err != nil {
		return took, info.Error, err
	}
	if want := killed.Sub(time.Unix(0, f.StartedAt)); media < want-lostAtMost {
		return took, info.Error, fmt.Errorf("the file plays for %v, %v were recorded", media, want)
	}
	left, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return took, info.Error, before.Leaks(left, slices.DeleteFunc(procs, func(proc rig.Process) bool { return proc.PID == l.Egress.PID }))
}
