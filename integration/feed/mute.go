package feed

import (
	"context"
	"math"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/packets"
	"github.com/ffegress/ffegress/integration/publish"
)

// mute mutes sound and picture in the middle and at the end: the holes are where and as long as they were.
func mute() accept.Case {
	return accept.Case{
		ID: "track-mute", Line: 2, Title: "muted for 4 s, and again before the end: gaps and silence have their length",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{})
			if err != nil {
				return err
			}
			var running []*lab.Recording
			for i, name := range []string{"sound", "picture"} {
				r, err := b.record(ctx, p.Tracks(0)[i], name)
				if err != nil {
					return err
				}
				running = append(running, r)
			}
			var at []time.Time
			for n, muted := range []bool{true, false, true} {
				if err := lab.Pause(ctx, 4*time.Second); err != nil {
					return err
				}
				at = append(at, time.Now())
				for track := range 2 {
					if err := p.Mute(0, track, muted); err != nil {
						return err
					}
				}
				if n == 2 {
					err = lab.Pause(ctx, 3*time.Second)
				}
			}
			if err != nil {
				return err
			}
			for _, r := range running {
				info, wall, err := stopped(ctx, r)
				if err != nil {
					return err
				}
				f := info.FileResults[0]
				name := filepath.Base(f.Location)
				found, err := packets.Of(ctx, f.Location)
				if err != nil {
					return err
				}
				zero := time.Unix(0, f.StartedAt)
				hole, from := 0.0, 0.0
				for i := range found[1:] {
					if d := found[i+1].At - found[i].At; d > hole {
						hole, from = d, found[i].At
					}
				}
				last := found[len(found)-1].At
				off := time.Duration(f.Duration) - wall
				o.Add(name+": hole, from, last packet, duration − wall", "%.2f s, %.2f s (muted at %.2f s), %.2f s (muted at %.2f s), %+v",
					hole, from, at[0].Sub(zero).Seconds(), last, at[2].Sub(zero).Seconds(), off.Round(time.Millisecond))
				// The server sends some silence of its own when sound is muted, and the picture waits for its keyframe.
				begins, ends := from-at[0].Sub(zero).Seconds(), from+hole-at[1].Sub(zero).Seconds()
				o.Want(begins > -0.3 && begins < 1.3 && math.Abs(ends) < 0.7, "%s: the hole begins %+.2f s and ends %+.2f s off", name, begins, ends)
				o.Want(math.Abs(off.Seconds()) <= wallWithin, "%s: lasts %v, wall clock %v", name, time.Duration(f.Duration), wall)
			}
			return nil
		},
	}
}
