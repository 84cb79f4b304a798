package lease

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils"
)

var errAway = errors.New("redis is away")

// world is a Redis, a livekit-server and nodes, with the clock of a bubble.
type world struct {
	t     *testing.T
	times Times

	mu      sync.Mutex
	away    bool
	leases  map[string]time.Time
	records map[string]Record
	ends    map[string]Record
	owners  map[string]time.Time // node + " " + id → until when
	nodes   map[string]*fakeNode
	known   map[string]*livekit.EgressInfo // by livekit-server, beside what it was told
	told    []*livekit.EgressInfo          // ends that livekit-server was told
	resumes bool                           // resume_lost
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, times: TimesOf(2 * time.Minute), nodes: map[string]*fakeNode{}, known: map[string]*livekit.EgressInfo{}}
	w.forget()
	return w
}

// forget is a restart of a Redis that keeps nothing.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leases, w.records, w.ends, w.owners = map[string]time.Time{}, map[string]Record{}, map[string]Record{}, map[string]time.Time{}
}

func (w *world) setAway(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
}

func (w *world) ended() []*livekit.EgressInfo {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*livekit.EgressInfo(nil), w.told...)
}

// fakeNode is a node, and its view of Redis.
type fakeNode struct {
	*world
	name   string
	keeper *Keeper
	reaper *Reaper
	mine   *Ends
	cancel context.CancelFunc
	done   sync.WaitGroup

	// Under the world's lock.
	dead    bool
	thaw    chan struct{} // not nil: frozen until it is closed
	deaf    bool          // nobody hears it, not even itself
	runs    map[string]bool
	speaks  map[string]*Owned
	stops   []string
	lost    []string
	refuse  error // what keeps it from resuming an egress
	dying   bool  // it dies when it is about to begin one that it has taken
	unsent  bool  // what it tells does not reach livekit-server
	unknown bool  // that livekit-server was told is not noted
}

// node starts a node that runs the egresses given.
func (w *world) node(name string, ids ...string) *fakeNode {
	n := &fakeNode{world: w, name: name, runs: map[string]bool{}, speaks: map[string]*Owned{}}
	log := slog.New(slog.DiscardHandler)
	link := NewLink(w.times)
	n.keeper = newKeeper(n, name, w.times, link, log)
	n.keeper.Lost = func(id string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		n.lost = append(n.lost, id)
	}
	n.reaper = newReaper(n, name, n, n.keeper.Holds, w.times, link, log)
	if w.resumes {
		n.reaper.Resume = func(g *Gone, done func(error)) { n.done.Go(func() { done(n.resume(g)) }) }
	}
	n.mine = &Ends{store: n, node: name, log: log}
	w.mu.Lock()
	w.nodes[name] = n
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	for _, id := range ids {
		n.take(ctx, id)
	}
	n.done.Go(func() { n.keeper.Run(ctx) })
	n.done.Go(func() { n.reaper.Run(ctx) })
	return n
}

// take begins to run an egress, or goes on with a dead node's.
func (n *fakeNode) take(ctx context.Context, id string) {
	n.mu.Lock()
	n.runs[id] = true
	n.mu.Unlock()
	n.keeper.Hold(ctx, &livekit.EgressInfo{EgressId: id, Status: livekit.EgressStatus_EGRESS_ACTIVE})
}

// kill ends a node as SIGKILL does.
func (n *fakeNode) kill() {
	n.mu.Lock()
	n.dead = true
	n.mu.Unlock()
	n.cancel()
	n.done.Wait()
}

// close ends all nodes.
func (w *world) close() {
	w.mu.Lock()
	nodes := maps.Clone(w.nodes)
	w.mu.Unlock()
	for _, n := range nodes {
		n.cancel()
		n.done.Wait()
	}
}

func (n *fakeNode) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.thaw = make(chan struct{})
}

func (n *fakeNode) goOn() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.thaw)
	n.thaw = nil
}

// finish tells the end of an egress that ran here.
func (n *fakeNode) finish(id string) { n.finishTry(id, 0) }

func (n *fakeNode) finishTry(id string, retries int32) {
	info := &livekit.EgressInfo{EgressId: id, Status: livekit.EgressStatus_EGRESS_COMPLETE, RetryCount: retries}
	n.tell(info, false, func() { n.keeper.Drop(Name(info)) })
}

// resume goes on with an egress of another node.
func (n *fakeNode) resume(g *Gone) error {
	n.mu.Lock()
	refuse, dying := n.refuse, n.dying
	n.mu.Unlock()
	if refuse != nil {
		return refuse
	}
	next := utils.CloneProto(g.Info)
	next.RetryCount++
	if err := g.Take(context.Background(), next); err != nil {
		return err
	}
	n.mu.Lock()
	n.dead, n.runs[next.EgressId] = dying, !dying
	if g.Stopped() {
		n.stops = append(n.stops, next.EgressId)
	}
	n.mu.Unlock()
	if dying {
		n.cancel()
		return nil
	}
	n.keeper.Hold(context.Background(), next)
	return nil
}

// speaksFor are the nodes that answer for an egress.
func (w *world) speaksFor(id string) (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, n := range w.nodes {
		if n.speaks[id] != nil && !n.dead {
			names = append(names, name)
		}
	}
	return names
}

// speaker is the one node that answers for the egress.
func (w *world) speaker() *fakeNode {
	w.t.Helper()
	names := w.speaksFor(id)
	if len(names) != 1 {
		w.t.Fatalf("%v speak for it", names)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nodes[names[0]]
}

func (n *fakeNode) spoken() *Owned {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.speaks[id]
}

func (w *world) locked(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fn()
}

// lock waits while the node is frozen and takes the world's lock; an error is Redis' or the node's end.
func (n *fakeNode) lock() error {
	for {
		n.mu.Lock()
		thaw := n.thaw
		if thaw == nil {
			break
		}
		n.mu.Unlock()
		<-thaw
	}
	if n.away || n.dead {
		n.mu.Unlock()
		return errAway
	}
	return nil
}

func (n *fakeNode) Renew(_ context.Context, ids []string, d time.Duration) (fresh []string, err error) {
	if err := n.lock(); err != nil {
		return nil, err
	}
	defer n.mu.Unlock()
	for _, id := range ids {
		if !n.leases[id].After(time.Now()) {
			fresh = append(fresh, id)
		}
		n.leases[id] = time.Now().Add(d)
	}
	return fresh, nil
}

func (n *fakeNode) Write(_ context.Context, r Record) error {
	if err := n.lock(); err != nil {
		return err
	}
	defer n.mu.Unlock()
	n.records[Name(r.Info)] = r
	return nil
}

func (n *fakeNode) Read(_ context.Context, id string) (Record, error) {
	return n.read(id, func() map[string]Record { return n.records })
}

func (n *fakeNode) ReadEnd(_ context.Context, id string) (Record, error) {
	return n.read(id, func() map[string]Record { return n.world.ends })
}

func (n *fakeNode) read(id string, from func() map[string]Record) (Record, error) {
	if err := n.lock(); err != nil {
		return Record{}, err
	}
	defer n.mu.Unlock()
	r, ok := from()[id]
	if !ok {
		return Record{}, ErrNone
	}
	return r, nil
}

func (n *fakeNode) Lapsed(context.Context) (out []Lapsed, err error) {
	if err := n.lock(); err != nil {
		return nil, err
	}
	defer n.mu.Unlock()
	for id, till := range n.leases {
		if ago := time.Since(till); ago > 0 {
			out = append(out, Lapsed{id, ago})
		}
	}
	return out, nil
}

func (n *fakeNode) Claim(_ context.Context, id string) (bool, error) { return n.own(id, false) }

func (n *fakeNode) Own(_ context.Context, id string) (bool, error) { return n.own(id, true) }

func (n *fakeNode) own(id string, again bool) (bool, error) {
	if err := n.lock(); err != nil {
		return false, err
	}
	defer n.mu.Unlock()
	for name := range n.nodes {
		if (name != n.name || !again) && n.owners[name+" "+id].After(time.Now()) {
			return false, nil
		}
	}
	n.owners[n.name+" "+id] = time.Now().Add(n.times.Lapse)
	return true, nil
}

func (n *fakeNode) Disown(_ context.Context, id string) error {
	if err := n.lock(); err != nil {
		return err
	}
	defer n.mu.Unlock()
	delete(n.owners, n.name+" "+id)
	return nil
}

func (n *fakeNode) Clear(_ context.Context, id string) error {
	if err := n.lock(); err != nil {
		return err
	}
	defer n.mu.Unlock()
	delete(n.leases, id)
	delete(n.records, id)
	return nil
}

func (n *fakeNode) TakeEnd(_ context.Context, r Record) (bool, error) {
	if err := n.lock(); err != nil {
		return false, err
	}
	defer n.mu.Unlock()
	if _, ok := n.world.ends[Name(r.Info)]; ok {
		return false, nil
	}
	n.world.ends[Name(r.Info)] = r
	return true, nil
}

func (n *fakeNode) Delivered(_ context.Context, r Record) error {
	if err := n.lock(); err != nil {
		return err
	}
	defer n.mu.Unlock()
	if n.unknown {
		return errAway
	}
	r.Delivered = true
	n.world.ends[Name(r.Info)] = r
	return nil
}

func (n *fakeNode) Running(context.Context) (map[string]bool, error) {
	if err := n.lock(); err != nil {
		return nil, err
	}
	defer n.mu.Unlock()
	if n.deaf {
		return nil, errAway
	}
	all := map[string]bool{}
	for _, other := range n.nodes {
		if !other.dead && other.thaw == nil {
			maps.Copy(all, other.runs)
		}
	}
	return all, nil
}

func (n *fakeNode) Known(_ context.Context, id string) (*livekit.EgressInfo, error) {
	if err := n.lock(); err != nil {
		return nil, err
	}
	defer n.mu.Unlock()
	if info := n.known[id]; info != nil {
		return info, nil
	}
	return nil, ErrNone
}

func (n *fakeNode) Speak(id string, o *Owned) (func(), error) {
	if err := n.lock(); err != nil {
		return nil, err
	}
	defer n.mu.Unlock()
	n.speaks[id] = o
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.speaks, id)
	}, nil
}

func (n *fakeNode) Tell(info *livekit.EgressInfo, told func()) { n.tell(info, true, told) }

// tell tells livekit-server at once, or never.
func (n *fakeNode) tell(info *livekit.EgressInfo, doubt bool, told func()) {
	tell, again, err := n.mine.Take(context.Background(), info)
	if err != nil {
		return
	}
	if tell != nil {
		n.mu.Lock()
		unsent := n.unsent
		known := false // as service asks before it tells
		for _, t := range n.told {
			known = known || (again || doubt) && t.EgressId == tell.EgressId
		}
		if !unsent && !known {
			n.told = append(n.told, tell)
		}
		n.mu.Unlock()
		if unsent {
			return
		}
		n.mine.Delivered(context.Background(), tell)
	}
	told()
}

func (n *fakeNode) Stop(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stops = append(n.stops, id)
}
