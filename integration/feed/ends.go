package feed

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
)

// endsWithin is how soon a recording is over that has ended by itself.
const endsWithin = 3 * time.Second

// ends has a track taken away, and then its publisher leave: each ends its recording at once.
func ends() accept.Case {
	return accept.Case{
		ID: "track-ends", Line: 2, Title: "a track is unpublished, its publisher leaves: the recordings end at once",
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
			sound, err := b.record(ctx, p.Tracks(0)[0], "sound")
			if err != nil {
				return err
			}
			picture, err := b.record(ctx, p.Tracks(0)[1], "picture")
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, 5*time.Second); err != nil {
				return err
			}
			for _, c := range []struct {
				what string
				r    *lab.Recording
				do   func() error
			}{
				{"unpublished", picture, func() error { return p.Unpublish(0, 1) }},
				{"left", sound, func() error { p.Close(); return nil }},
			} {
				at := time.Now()
				if err := c.do(); err != nil {
					return err
				}
				info, err := c.r.End(ctx)
				if err != nil {
					return err
				}
				took := time.Since(at)
				f, err := file(info)
				if err != nil {
					return err
				}
				wall := at.Sub(time.Unix(0, f.StartedAt))
				off := time.Duration(f.Duration) - wall
				o.Add(c.what+": over after, file against wall clock", "%v, %+v", took.Round(time.Millisecond), off.Round(time.Millisecond))
				o.Want(took <= endsWithin, "%s: over after %v", c.what, took)
				o.Want(math.Abs(off.Seconds()) <= 0.3, "%s: the file lasts %v, wall clock %v", c.what, time.Duration(f.Duration), wall)
				o.Want(strings.Contains(info.Details, "Source closed"), "%s: details %q", c.what, info.Details)
			}
			return nil
		},
	}
}
