package spine

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/rig"
)

// killSound kills the encoder, and then the recorder, in the middle of recordings of sound. The file of a killed
// encoder has all its sound; that of a killed recorder plays to within 2 s of its death.
func killSound(runs int) accept.Case {
	return accept.Case{
		ID: "sound-kill", Line: 3, Title: fmt.Sprintf("SIGKILL of encoder and daemon while OGG and MP3 are recorded, %d runs each", runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 1)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			for range runs {
				for _, f := range soundFiles[:2] {
					said, err := l.killSoundEncoder(ctx, f)
					o.Want(err == nil, "%s, encoder: %v", f.name, err)
					o.Add(f.name+", encoder killed", "%s", said)
					lost, err := l.killSoundDaemon(ctx, f)
					o.Want(err == nil && lost <= lostAtMost, "%s, daemon: %v lost, %v", f.name, lost, err)
					o.Add(f.name+", daemon killed", "%d ms lost", lost.Milliseconds())
					if err := l.Egress.Restart(ctx, l.binary, l.Redis.Addr); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

// startSound records a page: what is recorded of a room without a browser is on disk later, because a lost packet is
// waited for.
func (l *lab) startSound(ctx context.Context, f soundFile) (*recording, []rig.Process, error) {
	ask, _, err := l.soundRequest(ctx, soundTake{file: f, web: true})
	if err != nil {
		return nil, nil, err
	}
	r, err := l.start(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	if err := pause(ctx, randomly(3*time.Second, 6*time.Second)); err != nil {
		return nil, nil, err
	}
	procs, err := rig.Descendants(l.Egress.PID)
	return r, procs, err
}

// killSoundEncoder returns what EgressInfo says of it.
func (l *lab) killSoundEncoder(ctx context.Context, f soundFile) (string, error) {
	r, procs, err := l.startSound(ctx, f)
	if err != nil {
		return "", err
	}
	killed := 0
	for _, p := range procs {
		if p.Role == "encoder" {
			killed++
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
				return "", err
			}
		}
	}
	if err := pause(ctx, 4*time.Second); err != nil {
		return "", err
	}
	stopped := time.Now()
	info, _, err := r.stop(ctx)
	if err != nil {
		return "", err
	}
	result := info.FileResults[0]
	if killed != 1 || info.Status != livekit.EgressStatus_EGRESS_COMPLETE || !strings.Contains(info.Details, "Encoder restarted 1 times") {
		return info.Details, fmt.Errorf("%d encoders killed, ended %v: %s", killed, info.Status, info.Error)
	}
	report, err := meter.Measure(ctx, result.Location, meter.Options{IDs: []int{0}, NoPicture: true})
	if err != nil {
		return info.Details, err
	}
	wall := stopped.Sub(time.Unix(0, result.StartedAt))
	// Chrome's own gaps are judged elsewhere: a hole here would be a beep's or the time line's.
	if faults := report.Check(meter.Limits{Wall: wall.Seconds(), WallWithin: busy.wallWithin, AllowGaps: true}); len(faults) > 0 {
		return info.Details, fmt.Errorf("%s", strings.Join(faults, "; "))
	}
	return fmt.Sprintf("%s; %d slips, %.1f ms of gaps in %.1f s", info.Details, report.Pilot.Slips, report.Pilot.SilentMS, report.AudioDuration), nil
}

// killSoundDaemon returns how much sound before the kill is not in the work file.
func (l *lab) killSoundDaemon(ctx context.Context, f soundFile) (time.Duration, error) {
	before := rig.LookBefore()
	r, procs, err := l.startSound(ctx, f)
	if err != nil {
		return 0, err
	}
	killed := time.Now()
	l.Egress.Kill()
	left, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := before.Leaks(left, procs); err != nil {
		return 0, err
	}
	cut := filepath.Join(l.Dir, "cut-"+f.name+f.ext)
	if err := copyFile(filepath.Join(l.Egress.WorkDir, r.info.EgressId, "work"+f.ext), cut); err != nil {
		return 0, err
	}
	if _, err := workfile.Truncate(workfile.OS(), ffpipe.Container(f.name), cut); err != nil {
		return 0, err
	}
	report, err := meter.Measure(ctx, cut, meter.Options{IDs: []int{0}, NoPicture: true})
	if err != nil {
		return 0, err
	}
	if n := len(report.DecodeErrors); n > 0 {
		return 0, fmt.Errorf("%d decode errors, first %s", n, report.DecodeErrors[0])
	}
	recorded := killed.Sub(time.Unix(0, r.info.FileResults[0].StartedAt))
	return recorded - time.Duration(report.AudioDuration*float64(time.Second)), nil
}
