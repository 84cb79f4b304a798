package spine

import (
	"context"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/rig"
)

// burden records while two programs burn both cores.
func burden(length time.Duration) accept.Case {
	return accept.Case{
		ID: "burners", Line: 6, Title: "two CPU burners beside a room composite at 720p30",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 3)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
				return l.API.StartRoomComposite(ctx, l.roomRequest("burners.mp4", "grid"))
			})
			if err != nil {
				return err
			}
			var burners []*rig.Child
			for range 2 {
				b, err := rig.Launch("burner", "/bin/sh", []string{"-c", "while :; do :; done"}, nil, l.Dir+"/burner.log")
				if err != nil {
					return err
				}
				defer b.Kill()
				burners = append(burners, b)
			}
			watching, cancel := context.WithTimeout(ctx, length)
			defer cancel()
			usage, err := rig.Watch(watching, l.Egress.PID, time.Second)
			if err != nil {
				return err
			}
			for _, b := range burners {
				procs, err := rig.Descendants(b.PID)
				if err != nil || len(procs) != 1 {
					return fmt.Errorf("a burner is gone: %v, %w", procs, err)
				}
				o.Add("a burner", "%.2f core", procs[0].CPU/length.Seconds())
				o.Want(procs[0].CPU > length.Seconds()/4, "a burner used %.1f s of CPU only", procs[0].CPU)
			}
			stopped := time.Now()
			info, _, err := r.stop(ctx)
			if err != nil {
				return err
			}
			f := info.FileResults[0]
			wall := stopped.Sub(time.Unix(0, f.StartedAt))
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v: %s", info.Status, info.Error)
			report, err := meter.Measure(ctx, f.Location, meter.Options{IDs: []int{0, 1, 2}})
			if err != nil {
				return err
			}
			o.Add("meter", "\n```\n%s```", report)
			o.Add("details", "%s", info.Details)
			for role, u := range usage.Roles {
				o.Add(role, "peak PSS %.0f MB", float64(u.PeakPSS)/1e6)
			}
			o.Want(len(report.DecodeErrors) == 0, "%d decode errors", len(report.DecodeErrors))
			off := report.Stream.Duration - wall.Seconds()
			o.Want(off <= wallWithin && off >= -wallWithin, "the file lasts %.3f s, wall clock %.3f s", report.Stream.Duration, wall.Seconds())
			for _, p := range report.Participants {
				o.Want(p.Offsets.P95Abs <= offsetP95, "p%d: A/V offset p95 is %.1f ms", p.ID, p.Offsets.P95Abs)
			}
			return nil
		},
	}
}
