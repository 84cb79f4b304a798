package lease

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/service/session"
)

// adoptAtOnce bounds how many egresses a node looks after anew in one pass.
const adoptAtOnce = 200

// reaperStore is what a Reaper needs of Redis.
type reaperStore interface {
	Lapsed(ctx context.Context) ([]Lapsed, error)
	Clear(ctx context.Context, id string) error
	owners
	records
}

// owners are who speaks for egresses whose node is gone.
type owners interface {
	Claim(ctx context.Context, id string) (bool, error)
	Own(ctx context.Context, id string) (bool, error)
	Disown(ctx context.Context, id string) error
}

// records are those that others have left.
type records interface {
	Read(ctx context.Context, id string) (Record, error)
	ReadEnd(ctx context.Context, id string) (Record, error)
}

var _ reaperStore = (*Store)(nil)

// Node is what a Reaper needs of the service.
type Node interface {
	// Running asks all nodes, this one included, what runs on them. An error means that not even this one was heard.
	Running(ctx context.Context) (map[string]bool, error)
	// Known asks livekit-server for an egress; ErrNone if it knows none.
	Known(ctx context.Context, id string) (*livekit.EgressInfo, error)
	// Speak answers StopEgress and UpdateStream for an egress until quiet is called.
	Speak(id string, o *Owned) (quiet func(), err error)
	// Tell tells the end of an egress, for as long as that takes, and calls told then.
	Tell(info *livekit.EgressInfo, told func())
	// Stop stops an egress whose node is back.
	Stop(id string)
}

// Reaper looks after the egresses of nodes that are gone. Run it once.
type Reaper struct {
	store reaperStore
	node  Node
	holds func(id string) bool
	times Times
	link  *Link
	log   *slog.Logger

	owned map[string]*Owned
	later map[string]time.Time // when to look again at what has another owner, or whose node is there

	mu      sync.Mutex
	telling map[string]bool
}

// NewReaper makes the reaper of a node that keeps its own leases with k.
func NewReaper(s *Store, k *Keeper, n Node, log *slog.Logger) *Reaper {
	return newReaper(s, n, k.Holds, s.times, k.link, log)
}

func newReaper(s reaperStore, n Node, holds func(string) bool, t Times, link *Link, log *slog.Logger) *Reaper {
	return &Reaper{
		store: s, node: n, holds: holds, times: t, link: link, log: log,
		owned: map[string]*Owned{}, later: map[string]time.Time{}, telling: map[string]bool{},
	}
}

// Run looks for leases that have lapsed until ctx ends; other nodes may then speak for what this one owned.
func (r *Reaper) Run(ctx context.Context) {
	tick := time.NewTicker(r.times.Renew)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := r.pass(ctx); err != nil && ctx.Err() == nil {
				r.log.Warn("look after egresses of other nodes", "error", err)
			}
		case <-ctx.Done():
			for id := range r.owned {
				r.release(context.WithoutCancel(ctx), id)
			}
			return
		}
	}
}

// pass acts on what has lapsed. Nothing is done on the word of a link that was away a while ago.
func (r *Reaper) pass(ctx context.Context) error {
	if !r.link.Healthy(time.Now()) {
		return nil
	}
	lapsed, err := r.store.Lapsed(ctx)
	if err != nil {
		return err
	}
	r.yield(ctx, lapsed)
	found, err := r.claim(ctx, lapsed)
	due := r.due(time.Now())
	if err != nil || len(found)+len(due) == 0 {
		return err
	}
	running, err := r.node.Running(ctx)
	if err != nil {
		r.link.bad()
		return err
	}
	now := time.Now()
	for _, l := range found {
		if running[l.ID] {
			r.log.Info("a lease has lapsed, and its node is there", "egressID", l.ID, "ago", l.Ago)
			r.later[l.ID] = now.Add(r.times.Lapse)
			continue
		}
		if failed := r.adopt(ctx, l, now); failed != nil {
			err = errors.Join(err, failed, r.store.Disown(ctx, l.ID))
		}
	}
	for _, id := range due {
		if running[id] {
			r.owned[id].due = now.Add(r.times.Lapse)
			continue
		}
		r.end(id, now)
	}
	return err
}

// yield lets go of egresses whose lease is back, or gone.
func (r *Reaper) yield(ctx context.Context, lapsed []Lapsed) {
	still := map[string]bool{}
	for _, l := range lapsed {
		still[l.ID] = true
	}
	for id := range r.later {
		if !still[id] {
			delete(r.later, id)
		}
	}
	for id, o := range r.owned {
		if still[id] {
			continue
		}
		r.log.Info("the node of an egress is back", "egressID", id)
		r.release(ctx, id)
		if !o.wish().IsZero() {
			r.node.Stop(id)
		}
	}
}

// release lets another node speak for an egress.
func (r *Reaper) release(ctx context.Context, id string) {
	r.owned[id].quiet()
	delete(r.owned, id)
	if err := r.store.Disown(ctx, id); err != nil {
		r.log.Warn("an egress could not be given up", "egressID", id, "error", err)
	}
}

// claim makes this node the owner of what nobody else owns, and makes sure of what it owns already. It returns the new
// ones.
func (r *Reaper) claim(ctx context.Context, lapsed []Lapsed) (found []Lapsed, err error) {
	now := time.Now()
	for _, l := range lapsed {
		o, tells := r.owned[l.ID], r.tells(l.ID)
		if o != nil || tells {
			mine, err := r.store.Own(ctx, l.ID)
			switch {
			case err != nil:
				return found, err
			case !mine && o != nil:
				r.log.Warn("another node speaks for the egress now", "egressID", l.ID)
				o.quiet()
				delete(r.owned, l.ID)
			}
			continue
		}
		if len(found) == adoptAtOnce || r.holds(l.ID) || now.Before(r.later[l.ID]) {
			continue
		}
		mine, err := r.store.Claim(ctx, l.ID)
		if err != nil {
			return found, err
		}
		if mine {
			found = append(found, l)
		} else {
			r.later[l.ID] = now.Add(r.times.Lapse/2 + rand.N(r.times.Lapse/2))
		}
	}
	return found, nil
}

// settleAfterStop keeps the end from overtaking what livekit-server itself stores after it has stopped an egress.
const settleAfterStop = 3 * time.Second

func (r *Reaper) due(now time.Time) (ids []string) {
	for id, o := range r.owned {
		if wish := o.wish(); !now.Before(o.due) && (wish.IsZero() || now.Sub(wish) >= settleAfterStop) {
			ids = append(ids, id)
		}
	}
	return ids
}

// adopt looks after an egress whose node is gone.
func (r *Reaper) adopt(ctx context.Context, l Lapsed, now time.Time) error {
	end, err := r.store.ReadEnd(ctx, l.ID)
	switch {
	case err == nil && end.Delivered:
		return r.clear(ctx, l.ID)
	case err == nil:
		r.log.Info("telling an end that was not delivered", "egressID", l.ID, "node", end.Node)
		r.tell(end.Info)
		return nil
	case !errors.Is(err, ErrNone):
		return err
	}
	rec, err := r.store.Read(ctx, l.ID)
	if errors.Is(err, ErrNone) {
		if rec.Info, err = r.node.Known(ctx, l.ID); errors.Is(err, ErrNone) {
			return r.clear(ctx, l.ID)
		}
	}
	if err != nil {
		return err
	}
	if session.Terminal(rec.Info.Status) { // its node was about to tell
		r.tell(rec.Info)
		return nil
	}
	heard := now.Add(-l.Ago - r.times.Lapse)
	o := &Owned{info: rec.Info, heard: heard, due: heard.Add(r.times.Lost)}
	if o.quiet, err = r.node.Speak(l.ID, o); err != nil {
		return err
	}
	r.owned[l.ID] = o
	r.log.Warn("the node of an egress is gone; this one speaks for it", "egressID", l.ID, "node", rec.Node, "heard", heard, "end", o.due)
	return nil
}

// end tells the end of an egress whose node has been gone for long enough.
func (r *Reaper) end(id string, now time.Time) {
	o := r.owned[id]
	delete(r.owned, id)
	o.quiet()
	r.log.Warn("the node of an egress is lost; ending it", "egressID", id, "heard", o.heard)
	r.tell(o.lost(now))
}

func (r *Reaper) tell(info *livekit.EgressInfo) {
	id := info.EgressId
	r.mu.Lock()
	r.telling[id] = true
	r.mu.Unlock()
	r.node.Tell(info, func() {
		if err := r.clear(context.Background(), id); err != nil {
			r.log.Warn("the lease of an egress that has ended could not be removed", "egressID", id, "error", err)
		}
		r.mu.Lock()
		delete(r.telling, id)
		r.mu.Unlock()
	})
}

func (r *Reaper) tells(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.telling[id]
}

// clear forgets an egress whose end has been told.
func (r *Reaper) clear(ctx context.Context, id string) error {
	return errors.Join(r.store.Clear(ctx, id), r.store.Disown(ctx, id))
}
