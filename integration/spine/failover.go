package spine

import (
	"context"
	"fmt"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// failoverWait is what sentinels, livekit-server and the recorder may take together to use the new master.
const failoverWait = 30 * time.Second

// busFailover kills the master while a recording runs: it must go on, be stopped over the new master, and its end be
// known; with again another one is then made.
func busFailover(again bool) accept.Case {
	b := bySentinels
	return accept.Case{
		ID: "redis-failover", Line: 5, Title: "death of the master in the middle of a recording: " + b.title,
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLabOn(ctx, 0, rig.Options{Redis: b.start})
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			err = l.recordPage(ctx, o, "failover.mp4", func() error { return l.failOver(ctx, o) })
			if err != nil || !again {
				return err
			}
			return l.recordPage(ctx, o, "after.mp4", func() error { return nil })
		},
	}
}

// failOver kills the master and returns when the replica has its place, and server and recorder listen on it.
func (l *lab) failOver(ctx context.Context, o *accept.Outcome) error {
	ctx, cancel := context.WithTimeout(ctx, failoverWait)
	defer cancel()
	killed := time.Now()
	l.Redis.Kill()
	for _, pattern := range []string{"EgressHandler|StopEgress*", "EgressInternal|StartEgress*", "IOInfo|UpdateEgress*"} {
		if err := l.Redis.AwaitListener(ctx, pattern); err != nil {
			return fmt.Errorf("after the master's death: %w", err)
		}
	}
	o.Add("server and recorder listen on the new master", "%.1f s after the old one's death", time.Since(killed).Seconds())
	return nil
}
