package spine

import (
	"context"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	laboratory "github.com/ffegress/ffegress/integration/lab"
)

// warmCycles are run before the baseline is taken.
const warmCycles = 5

// cycles starts and stops egresses; the idle recorder must use as much afterwards as before.
func cycles(runs int) accept.Case {
	return accept.Case{
		ID: "cycles", Line: 6, Title: fmt.Sprintf("%d start/stop cycles with a warm pool: back to the idle baseline", runs),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLabWith(ctx, 1, map[string]any{"browser_pool": 1})
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			return l.Cycle(ctx, o, laboratory.Cycles{Warm: warmCycles, Runs: runs, Cycle: l.cycle, Idle: l.idle})
		},
	}
}

// cycle starts and stops one egress.
func (l *lab) cycle(ctx context.Context, n int) error {
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		return l.API.StartRoomComposite(ctx, l.roomRequest(fmt.Sprintf("cycle-%d.mp4", n), "grid"))
	})
	if err != nil {
		return err
	}
	if err := pause(ctx, time.Second); err != nil {
		return err
	}
	info, _, err := r.stop(ctx)
	if err == nil && info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		err = fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	return err
}

// idle looks at the recorder when the browser after the given number of egresses waits; goroutines are those at the end of
// an egress.
func (l *lab) idle(ctx context.Context, egresses int) (f laboratory.Footprint, err error) {
	if err := l.browserWaits(ctx, egresses+1); err != nil {
		return f, err
	}
	if err := pause(ctx, settle); err != nil {
		return f, err
	}
	counts, err := l.Egress.Counts("resources", "")
	if err != nil {
		return f, err
	}
	f, err = l.Footprint()
	f.Goroutines = counts["goroutines"]
	return f, err
}
