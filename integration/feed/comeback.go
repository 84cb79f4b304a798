package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/packets"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// comeback kills a publisher and has it come back as another participant of the same identity, away later.
func comeback(away time.Duration) accept.Case {
	return accept.Case{
		ID: "track-comeback", Line: 2, Title: fmt.Sprintf("a publisher is killed and back %v later: one file", away),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			program, err := rig.BuildPublisher(ctx)
			if err != nil {
				return err
			}
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			one, err := b.launch(program, 1)
			if err != nil {
				return err
			}
			defer one.Kill()
			return b.interrupted(ctx, o, away, func() (func(), error) {
				one.Kill()
				if err := lab.Pause(ctx, away); err != nil {
					return nil, err
				}
				two, err := b.launch(program, 2)
				if err != nil {
					return nil, err
				}
				return two.Kill, nil
			})
		},
	}
}

// launch starts a publisher of its own process.
func (b *bench) launch(program string, n int) (*rig.Child, error) {
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	return rig.Launch("publisher", program, []string{
		"-url", b.LiveKit.WS(), "-api-key", rig.APIKey, "-api-secret", rig.APISecret, "-room", b.Room,
		"-participants", "1", "-cache", filepath.Join(cache, "material"),
	}, nil, filepath.Join(b.Dir, fmt.Sprintf("publisher.%d.log", n)))
}

// restart kills livekit-server and starts it again, away later, at the same place.
func restart(away time.Duration) accept.Case {
	return accept.Case{
		ID: "track-server-restart", Line: 2, Title: fmt.Sprintf("livekit-server is killed and back %v later: one file", away),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			if _, err := b.publish(ctx, publish.Options{}); err != nil {
				return err
			}
			return b.interrupted(ctx, o, away+20*time.Second, func() (func(), error) {
				port := b.LiveKit.Port
				b.LiveKit.Kill()
				if err := lab.Pause(ctx, away); err != nil {
					return nil, err
				}
				b.LiveKit, err = rig.StartLiveKitOn(ctx, b.Dir, port, b.Redis.Keys, b.Webhooks.URL)
				return func() {}, err
			})
		},
	}
}

// interrupted records a picture and a sound through an interruption: each is one file, as long as the wall clock, with
// one hole.
func (b *bench) interrupted(ctx context.Context, o *accept.Outcome, most time.Duration, interrupt func() (func(), error)) error {
	tracks, err := b.published(ctx)
	if err != nil {
		return err
	}
	var running []*lab.Recording
	for kind, id := range tracks {
		r, err := b.record(ctx, id, fmt.Sprint(kind))
		if err != nil {
			return err
		}
		running = append(running, r)
	}
	if err := lab.Pause(ctx, 6*time.Second); err != nil {
		return err
	}
	done, err := interrupt()
	if err != nil {
		return err
	}
	defer done()
	if err := lab.Pause(ctx, 25*time.Second); err != nil {
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
		var holes []float64
		for i := range found[1:] {
			if d := found[i+1].At - found[i].At; d > 0.5 {
				holes = append(holes, d)
			}
		}
		off := time.Duration(f.Duration) - wall
		last := found[len(found)-1].At
		o.Add(name+": packets, holes, last packet at, duration − wall", "%d, %.2f s, %.2f s, %+v", len(found), holes, last, off.Round(time.Millisecond))
		o.Want(len(holes) == 1 && holes[0] < most.Seconds()+6, "%s: holes of %.2f s", name, holes)
		o.Want(wall.Seconds()-last < 1, "%s: nothing in the last %.1f s", name, wall.Seconds()-last)
		o.Want(math.Abs(off.Seconds()) <= wallWithin, "%s: lasts %v, wall clock %v", name, time.Duration(f.Duration), wall)
	}
	return nil
}

// published waits until somebody publishes a sound and a picture, and gives their ids by kind.
func (b *bench) published(ctx context.Context) (map[livekit.TrackType]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		list, err := b.API.Participants(ctx, b.Room)
		if err != nil {
			return nil, err
		}
		ids := map[livekit.TrackType]string{}
		for _, p := range list {
			for _, t := range p.Tracks {
				ids[t.Type] = t.Sid
			}
		}
		if len(ids) == 2 {
			return ids, lab.Pause(ctx, 2*time.Second)
		}
		if err := lab.Pause(ctx, 100*time.Millisecond); err != nil {
			return nil, errors.Join(errors.New("nobody publishes"), err)
		}
	}
}
