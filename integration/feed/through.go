package feed

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	untroubled = 9 * time.Second // before what happens, and what is judged of the end
	recovers   = 8 * time.Second // until everything is well again
)

// trouble happens in the middle of a recording of the participant p0.
type trouble struct {
	id, title string
	// begin has p0 publish.
	begin func(ctx context.Context, b *bench) error
	// happen returns when it is over; until then nothing is judged.
	happen func(ctx context.Context, b *bench) error
	// same clock: beats go on at the moments at which they were.
	same bool
}

// through records a participant through a trouble: one file, as long as the wall clock, that is as good after it as
// before.
func through(t trouble) accept.Case {
	return accept.Case{
		ID: t.id, Line: 2, Title: t.title,
		Run: func(ctx context.Context, out *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			if err := t.begin(ctx, b); err != nil {
				return err
			}
			r, err := b.somebody(ctx, "p0")
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, untroubled); err != nil {
				return err
			}
			begins := time.Now()
			if err := t.happen(ctx, b); err != nil {
				return err
			}
			ends := time.Now()
			if err := lab.Pause(ctx, recovers+untroubled); err != nil {
				return err
			}
			f, wall, err := delivered(ctx, out, r)
			if err != nil {
				return err
			}
			zero, told := time.Unix(0, f.StartedAt), time.Duration(f.Duration)
			out.Want((told-wall).Abs().Seconds() <= wallWithin, "EgressInfo says %v, wall clock %v", told, wall)
			out.Add("trouble", "from %.2f to %.2f s", begins.Sub(zero).Seconds(), ends.Sub(zero).Seconds())
			return judgeAround(ctx, out, f, begins.Sub(zero).Seconds(), (ends.Sub(zero) + recovers).Seconds(), t.same)
		},
	}
}

// judgeAround judges what is before and what is after a part of a file.
func judgeAround(ctx context.Context, out *accept.Outcome, f *livekit.FileInfo, from, to float64, same bool) error {
	var beats []float64
	for n, look := range []meter.Options{
		{IDs: []int{0}, Head: 1, Tail: time.Duration(f.Duration).Seconds() - from + 0.5},
		{IDs: []int{0}, Head: to, Tail: 0.5},
	} {
		report, err := meter.Measure(ctx, f.Location, look)
		if err != nil {
			return err
		}
		out.Add([]string{"before", "after"}[n], "\n```\n%s```", report)
		out.Missed = append(out.Missed, report.Check(meter.Limits{OffsetP95: offsetP95, BarError: 6, UniqueFPS: 29, OffBeat: burstWithin})...)
		p := report.Participants[0]
		worst := max(p.Offsets.Max, -p.Offsets.Min)
		out.Want(worst <= offsetMax, "picture and sound are %.1f ms apart", worst)
		beats = append(beats, p.Beeps.Beat)
	}
	if same {
		moved := 1000 * math.Remainder(beats[1]-beats[0], 1)
		out.Add("beeps are off the place where they were by", "%+.1f ms", moved)
		out.Want(math.Abs(moved) <= burstWithin, "beeps moved by %.1f ms", moved)
	}
	return nil
}

func publishes(ctx context.Context, b *bench) error {
	_, err := b.publish(ctx, publish.Options{})
	return err
}

// storm mutes and unmutes sound and picture many times, as fast as somebody can click and faster.
func storm(mutes int) accept.Case {
	return through(trouble{
		id: "mute-storm", title: fmt.Sprintf("sound and picture are muted %d times in 10 s: a composite is as it was", mutes),
		begin: publishes, same: true,
		happen: func(ctx context.Context, b *bench) error {
			for n := range 2 * mutes {
				for track := range 2 {
					if err := b.publishers[0].Mute(0, track, n%2 == 0); err != nil {
						return err
					}
				}
				// 50 … 450 ms, never the same twice in a row.
				if err := lab.Pause(ctx, time.Duration(50+n*7%5*100)*time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// composedRestart kills livekit-server and starts it again, away later, at the same place.
func composedRestart(away time.Duration) accept.Case {
	return through(trouble{
		id: "composed-server-restart", title: fmt.Sprintf("livekit-server is killed and back %v later: one file of picture and sound", away),
		begin: publishes, same: true,
		happen: func(ctx context.Context, b *bench) error {
			port := b.LiveKit.Port
			b.LiveKit.Kill()
			err := lab.Pause(ctx, away)
			if err == nil {
				b.LiveKit, err = rig.StartLiveKitOn(ctx, b.Dir, port, b.Redis.Keys, b.Webhooks.URL)
			}
			return err
		},
	})
}

// composedComeback kills a publisher and has it come back with the same identity, away later.
func composedComeback(away time.Duration) accept.Case {
	var program string
	var one *rig.Child
	launch := func(ctx context.Context, b *bench, n int) (err error) {
		if one, err = b.launch(program, n); err != nil {
			return err
		}
		b.children = append(b.children, one)
		_, err = b.published(ctx)
		return err
	}
	return through(trouble{
		id: "composed-comeback", title: fmt.Sprintf("a publisher is killed and back %v later: one file of picture and sound", away),
		begin: func(ctx context.Context, b *bench) (err error) {
			if program, err = rig.BuildPublisher(ctx); err != nil {
				return err
			}
			return launch(ctx, b, 1)
		},
		happen: func(ctx context.Context, b *bench) error {
			one.Kill()
			if err := lab.Pause(ctx, away); err != nil {
				return err
			}
			return launch(ctx, b, 2)
		},
	})
}
