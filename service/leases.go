package service

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/service/lease"
	"github.com/ffegress/ffegress/service/session"
)

// holdWait bounds how long a request waits for its lease; it is taken later then.
const holdWait = 2 * time.Second

// leases are this node's part in keeping egresses from being lost with their nodes.
type leases struct {
	keeper *lease.Keeper
	reaper *lease.Reaper
	ends   *lease.Ends

	mu      sync.Mutex
	holders map[string]holder // by the lease's name
}

// holder is what runs here.
type holder struct {
	run   *session.Session
	rep   *report
	calls *handler
}

// newLeases wires the leases of a service up. Keeper and reaper must be run.
func newLeases(s *Service) (*leases, error) {
	nodes, err := rpc.NewEgressInternalClient(s.bus, clientOptions(s.log))
	if err != nil {
		return nil, fmt.Errorf("make EgressInternal client: %w", err)
	}
	handlers, err := rpc.NewEgressHandlerClient(s.bus, clientOptions(s.log))
	if err != nil {
		return nil, fmt.Errorf("make EgressHandler client: %w", err)
	}
	times := lease.TimesOf(s.conf.NodeLostAfter)
	store := lease.NewStore(s.bus.redis, s.conf.NodeID, times)
	l := &leases{
		keeper: lease.NewKeeper(store, lease.NewLink(times), s.log), ends: lease.NewEnds(store, s.log),
		holders: map[string]holder{},
	}
	l.keeper.Lost = l.lost
	l.reaper = lease.NewReaper(store, l.keeper, &survivor{s, nodes, handlers, times.Ask()}, s.log)
	if s.conf.ResumeLost {
		l.reaper.Resume = s.resumeLost
	}
	return l, nil
}

// hold takes the lease of a new egress. It is given back when its end has been told.
func (l *leases) hold(ctx context.Context, info *livekit.EgressInfo, h holder) {
	id := lease.Name(info)
	h.rep.ends, h.rep.keep = l.ends, l.keeper.Note
	h.rep.told = func() {
		l.drop(id)
		h.run.Release()
	}
	l.mu.Lock()
	l.holders[id] = h
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, holdWait)
	defer cancel()
	l.keeper.Hold(ctx, info)
}

func (l *leases) forget(id string) {
	l.mu.Lock()
	delete(l.holders, id)
	l.mu.Unlock()
}

// drop gives the lease of an egress back.
func (l *leases) drop(id string) {
	l.forget(id)
	l.keeper.Drop(id)
}

// leave leaves an egress to another process, which is to tell its end within d.
func (l *leases) leave(id string, d time.Duration) {
	l.forget(id)
	l.keeper.Leave(id, d)
}

// lost is called when another node has ended an egress that runs here: what is recorded is kept, and nothing told.
func (l *leases) lost(id string) {
	l.mu.Lock()
	h, ok := l.holders[id]
	l.mu.Unlock()
	if !ok {
		return
	}
	h.calls.over.Store(true)
	h.rep.silence()
	ctx, cancel := context.WithTimeout(context.Background(), holdWait)
	defer cancel()
	_, _ = h.run.Stop(ctx, session.ReasonLost) // its end comes as any other does
}

// ended tells whether another node has decided how an egress ends; true where that is not known.
func (l *leases) ended(id string) bool {
	ended, err := l.ends.Ended(context.Background(), id)
	return ended || err != nil
}
