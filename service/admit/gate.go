package admit

import (
	"sync"
	"time"
)

// settleAfter is for how long a recording has run when what it takes is taken to be what was measured. Before, and for
// as long as a page is waited for, it is the configured cost.
const settleAfter = 15 * time.Second

// Gate decides. Its methods may be called from any goroutine.
type Gate struct {
	budget Budget

	mu       sync.Mutex
	egresses map[string]*egress
	shared   window
	total    Usage // at the last measurement
	memory   int64
	measured bool
}

// egress is one that has a place.
type egress struct {
	need   Need
	since  time.Time // of its reservation
	active time.Time // since when it records; zero = not yet
	window window
	pss    int64
	reads  int // measurements since it is active
}

// NewGate makes the gate of an idle node.
func NewGate(b Budget) *Gate { return &Gate{budget: b, egresses: map[string]*egress{}} }

// Ask is the answer that a request of this need would get now.
func (g *Gate) Ask(n Need) Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.budget.decide(g.load(time.Now()), n)
}

// Reserve answers a request, and gives the egress its place when it is accepted. Release gives that back.
func (g *Gate) Reserve(id string, n Need) Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	v := g.budget.decide(g.load(now), n)
	if v.Accepted {
		g.egresses[id] = &egress{need: n, since: now}
	}
	return v
}

// Active says that the egress records from now on. Saying it again changes nothing.
func (g *Gate) Active(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.egresses[id]; e != nil && e.active.IsZero() {
		e.active = time.Now()
	}
}

// Release gives an egress' place back; it may have none.
func (g *Gate) Release(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.egresses, id)
}

// Count is how many egresses have a place.
func (g *Gate) Count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.egresses)
}

// Measured takes in one measurement: what was used over the span that ends now. memory is what is used by the
// configured source, in bytes.
func (g *Gate) Measured(m Measurement, memory int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.measured, g.memory, g.total = true, memory, m.Total
	g.shared.add(reading{m.At, m.Span, m.Shared.Cores})
	for id, e := range g.egresses {
		u, ok := m.Egresses[id]
		if !ok {
			continue // it has come since
		}
		e.window.add(reading{m.At, m.Span, u.Cores})
		e.pss = u.PSS
		if !e.active.IsZero() {
			e.reads++
		}
	}
}

// Lost says that nothing can be measured any more: everything is reckoned at its cost again.
func (g *Gate) Lost() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.measured = false
}

// load is what the node carries; called locked.
func (g *Gate) load(now time.Time) load {
	l := load{memory: g.memory, shared: Usage{Cores: g.shared.cores()}}
	for _, e := range g.egresses {
		l.claims = append(l.claims, e.claim(now, g.measured))
	}
	return l
}

func (e *egress) claim(now time.Time, measured bool) claim {
	c := claim{reserved: e.need}
	if !measured {
		return c
	}
	c.used = Usage{Cores: e.window.cores(), PSS: e.pss}
	// Of readings there must be some: a measurement that hangs proves nothing.
	c.settled = !e.active.IsZero() && now.Sub(e.active) >= settleAfter && e.reads >= int(settleAfter/longSpan)+1
	return c
}
