package lease

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils"

	"github.com/ffegress/ffegress/service/plan"
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
	successor
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
	// Resume, if not nil, goes on with a lost egress on this node. It returns at once, and done is called once, from
	// another goroutine: with nil if the egress goes on, with ErrNotNow if that may be tried again; another error is
	// told with the egress' end.
	Resume func(g *Gone, done func(error))

	name  string // of this node
	store reaperStore
	node  Node
	holds func(id string) bool
	times Times
	link  *Link
	log   *slog.Logger

	owned  map[string]*Owned // by the lease's name
	agenda *agenda
}

// NewReaper makes the reaper of a node that keeps its own leases with k.
func NewReaper(s *Store, k *Keeper, n Node, log *slog.Logger) *Reaper {
	return newReaper(s, s.node, n, k.Holds, s.times, k.link, log)
}

func newReaper(s reaperStore, name string, n Node, holds func(string) bool, t Times, link *Link, log *slog.Logger) *Reaper {
	return &Reaper{
		name: name, store: s, node: n, holds: holds, times: t, link: link, log: log,
		owned: map[string]*Owned{}, agenda: newAgenda(),
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
		if running[plan.EgressOf(l.ID)] {
			r.log.Info("a lease has lapsed, and its node is there", "egressID", l.ID, "ago", l.Ago)
			r.agenda.wait(l.ID, now.Add(r.times.Lapse))
			continue
		}
		if failed := r.adopt(ctx, l, now); failed != nil {
			err = errors.Join(err, failed, r.store.Disown(ctx, l.ID))
		}
	}
	for _, id := range due {
		if running[r.owned[id].id()] {
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
	r.agenda.forget(still)
	for id, o := range r.owned {
		if still[id] {
			continue
		}
		r.log.Info("the node of an egress is back", "egressID", id)
		r.release(ctx, id)
		if !o.wish().IsZero() {
			r.node.Stop(o.id())
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
		o, busy := r.owned[l.ID], r.agenda.begun(l.ID)
		if o != nil || busy {
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
		if len(found) == adoptAtOnce || r.holds(l.ID) || r.agenda.waits(l.ID, now) {
			continue
		}
		mine, err := r.store.Claim(ctx, l.ID)
		if err != nil {
			return found, err
		}
		if mine {
			found = append(found, l)
		} else {
			r.agenda.wait(l.ID, now.Add(r.times.Lapse/2+rand.N(r.times.Lapse/2)))
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
		if end.Resumed {
			if err := r.follow(ctx, end); err != nil {
				return err
			}
		}
		return r.clear(ctx, l.ID)
	case err == nil:
		r.log.Info("telling an end that was not delivered", "egressID", l.ID, "node", end.Node)
		r.tell(l.ID, end.Info)
		return nil
	case !errors.Is(err, ErrNone):
		return err
	}
	rec, err := r.store.Read(ctx, l.ID)
	if errors.Is(err, ErrNone) {
		if rec.Info, err = r.node.Known(ctx, plan.EgressOf(l.ID)); errors.Is(err, ErrNone) {
			return r.clear(ctx, l.ID)
		}
	}
	if err != nil {
		return err
	}
	if Name(rec.Info) != l.ID { // livekit-server knows a later try, which has a lease of its own
		return r.clear(ctx, l.ID)
	}
	if session.Terminal(rec.Info.Status) { // its node was about to tell
		r.tell(l.ID, rec.Info)
		return nil
	}
	heard := now.Add(-l.Ago - r.times.Lapse)
	o := &Owned{info: rec.Info, heard: heard, due: heard.Add(r.times.Lost)}
	quiet, err := r.node.Speak(rec.Info.EgressId, o)
	if err != nil {
		return err
	}
	o.quiet = sync.OnceFunc(quiet)
	r.owned[l.ID] = o
	r.log.Warn("the node of an egress is gone; this one speaks for it", "egressID", l.ID, "node", rec.Node, "heard", heard, "end", o.due)
	return nil
}

// end tells the end of an egress whose node has been gone for long enough, or has it go on.
func (r *Reaper) end(id string, now time.Time) {
	o := r.owned[id]
	delete(r.owned, id)
	if r.Resume != nil && o.unended() {
		r.log.Warn("the node of an egress is lost; resuming it", "egressID", id, "heard", o.heard)
		r.agenda.begin(id)
		o.mu.Lock()
		g := &Gone{Info: utils.CloneProto(o.info), Heard: o.heard, owned: o, store: r.store, node: r.name, lapse: r.times.Lapse}
		o.mu.Unlock()
		r.Resume(g, func(err error) { r.resumes(id, o, err) })
		return
	}
	o.quiet()
	r.log.Warn("the node of an egress is lost; ending it", "egressID", id, "heard", o.heard)
	r.tell(id, o.lost(now, nil))
}

func (r *Reaper) tell(id string, info *livekit.EgressInfo) {
	r.agenda.begin(id)
	r.node.Tell(info, func() {
		if err := r.clear(context.Background(), id); err != nil {
			r.log.Warn("the lease of an egress that has ended could not be removed", "egressID", id, "error", err)
		}
		r.agenda.done(id)
	})
}

// clear forgets an egress whose end has been told.
func (r *Reaper) clear(ctx context.Context, id string) error {
	return errors.Join(r.store.Clear(ctx, id), r.store.Disown(ctx, id))
}
