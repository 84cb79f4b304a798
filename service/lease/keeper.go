package lease

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
)

// keeperStore is what a Keeper needs of Redis.
type keeperStore interface {
	Renew(ctx context.Context, ids []string, d time.Duration) (fresh []string, err error)
	Write(ctx context.Context, r Record) error
	ReadEnd(ctx context.Context, id string) (Record, error)
	Clear(ctx context.Context, id string) error
}

var _ keeperStore = (*Store)(nil)

// Keeper holds the leases of what runs on this node, by their names. Its methods may be called from any goroutine.
type Keeper struct {
	// Lost is called, from Run's goroutine, when another node has decided the end of an egress that runs here, or goes on
	// with it.
	Lost func(id string)

	store keeperStore
	node  string
	times Times
	link  *Link
	log   *slog.Logger
	wake  chan struct{}

	writing sync.Mutex // held while a record is written: an older one must not overtake a newer one

	mu   sync.Mutex
	held map[string]*holding
}

// holding is an egress that runs here.
type holding struct {
	info    *livekit.EgressInfo
	changed bool // Redis does not have info yet
}

// NewKeeper makes the keeper of a node's leases. What it hears of Redis it notes in link.
func NewKeeper(s *Store, link *Link, log *slog.Logger) *Keeper {
	return newKeeper(s, s.node, s.times, link, log)
}

func newKeeper(s keeperStore, node string, t Times, link *Link, log *slog.Logger) *Keeper {
	return &Keeper{
		Lost: func(string) {}, store: s, node: node, times: t, link: link, log: log,
		wake: make(chan struct{}, 1), held: map[string]*holding{},
	}
}

// Hold takes the lease of an egress that runs here from now on, whoever had it. If Redis does not answer the lease is
// taken when it does.
func (k *Keeper) Hold(ctx context.Context, info *livekit.EgressInfo) {
	h := &holding{info: info, changed: true}
	id := Name(info)
	k.mu.Lock()
	k.held[id] = h
	k.mu.Unlock()
	if !k.write(ctx, h) {
		return
	}
	if _, err := k.store.Renew(ctx, []string{id}, k.times.Lapse); err != nil {
		k.log.Warn("the lease of an egress could not be taken yet", "egressID", id, "error", err)
	}
}

// Note keeps what is new about an egress; nothing if it is not held.
func (k *Keeper) Note(info *livekit.EgressInfo) {
	k.mu.Lock()
	h := k.held[Name(info)]
	if h != nil {
		h.info, h.changed = info, true
	}
	k.mu.Unlock()
	if h == nil {
		return
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Holds tells whether the egress runs here.
func (k *Keeper) Holds(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[id] != nil
}

// Drop is called when the end of an egress has been told.
func (k *Keeper) Drop(id string) {
	k.forget(id)
	if err := k.store.Clear(context.Background(), id); err != nil {
		k.log.Warn("a lease could not be given back; it lapses", "egressID", id, "error", err)
	}
}

// Leave is called when an egress is left to another process, which is to tell its end within d.
func (k *Keeper) Leave(id string, d time.Duration) {
	k.forget(id)
	if _, err := k.store.Renew(context.Background(), []string{id}, d); err != nil {
		k.log.Warn("the lease of an egress could not be prolonged", "egressID", id, "error", err)
	}
}

func (k *Keeper) forget(id string) {
	k.mu.Lock()
	delete(k.held, id)
	k.mu.Unlock()
}

// Run renews the leases until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(k.times.Renew)
	defer tick.Stop()
	good := true
	for {
		fresh, err := k.store.Renew(ctx, k.ids(), k.times.Lapse)
		if err != nil {
			k.link.bad()
		} else {
			k.link.good(time.Now())
		}
		if ctx.Err() == nil && good != (err == nil) {
			good = err == nil
			k.log.Warn("leases in Redis", "renewed", good, "error", err)
		}
		for _, id := range fresh {
			k.revive(ctx, id)
		}
		for waiting := true; waiting; {
			k.flush(ctx)
			select {
			case <-tick.C:
				waiting = false
			case <-k.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (k *Keeper) ids() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids := make([]string, 0, len(k.held))
	for id := range k.held {
		ids = append(ids, id)
	}
	return ids
}

// revive is called when a lease has lapsed, or Redis has forgotten it: meanwhile another node may have ended the egress.
func (k *Keeper) revive(ctx context.Context, id string) {
	k.mu.Lock()
	if h := k.held[id]; h != nil {
		h.changed = true
	}
	k.mu.Unlock()
	end, err := k.store.ReadEnd(ctx, id)
	switch {
	case errors.Is(err, ErrNone):
	case err != nil:
		k.log.Warn("whether another node has ended the egress is not known", "egressID", id, "error", err)
	case end.Node != k.node:
		k.log.Error("another node has ended the egress", "egressID", id, "node", end.Node)
		k.Lost(id)
	}
}

// flush writes what has changed.
func (k *Keeper) flush(ctx context.Context) {
	k.mu.Lock()
	var changed []*holding
	for _, h := range k.held {
		if h.changed {
			changed = append(changed, h)
		}
	}
	k.mu.Unlock()
	for _, h := range changed {
		if !k.write(ctx, h) {
			return // the next tick tries again
		}
	}
}

func (k *Keeper) write(ctx context.Context, h *holding) bool {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.mu.Lock()
	info := h.info
	h.changed = false
	k.mu.Unlock()
	err := k.store.Write(ctx, Record{Node: k.node, Info: info})
	if err == nil {
		return true
	}
	k.log.Debug("the record of an egress could not be written to Redis", "egressID", info.EgressId, "error", err)
	k.mu.Lock()
	h.changed = true
	k.mu.Unlock()
	return false
}
