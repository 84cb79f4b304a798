package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/rig"
)

// startWait and endWait bound what an idle or a burdened machine may take to get a recording going and to deliver it.
const (
	startWait = 60 * time.Second
	endWait   = 90 * time.Second
)

// Recording is one egress that runs.
type Recording struct {
	Lab    *Lab
	Info   *livekit.EgressInfo // when it became active
	Active time.Time           // when it was seen to be active
	Told   time.Time           // when Stop was answered: the recorder knew of it by then
}

// Start asks for the egress and waits until it is active.
func (l *Lab) Start(ctx context.Context, ask func() (*livekit.EgressInfo, error)) (*Recording, error) {
	info, err := ask()
	if err != nil {
		return nil, fmt.Errorf("start egress: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	info, err = l.API.WaitEgress(ctx, info.EgressId, func(i *livekit.EgressInfo) bool {
		return i.Status >= livekit.EgressStatus_EGRESS_ACTIVE
	})
	if err != nil {
		return nil, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_ACTIVE {
		return nil, fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	return &Recording{Lab: l, Info: info, Active: time.Now()}, nil
}

// Stop ends the egress and returns its terminal info and how long that took.
func (r *Recording) Stop(ctx context.Context) (*livekit.EgressInfo, time.Duration, error) {
	asked := time.Now()
	if _, err := r.Lab.API.Stop(ctx, r.Info.EgressId); err != nil {
		return nil, 0, fmt.Errorf("stop egress: %w", err)
	}
	r.Told = time.Now()
	info, err := r.End(ctx)
	return info, time.Since(asked), err
}

// End waits for the terminal info.
func (r *Recording) End(ctx context.Context) (*livekit.EgressInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, endWait)
	defer cancel()
	return r.Lab.API.WaitEgress(ctx, r.Info.EgressId, rig.Terminal)
}
