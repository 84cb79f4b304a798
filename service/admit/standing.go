package admit

import (
	"maps"
	"slices"
	"time"
)

// Standing is how a node stands, for whoever wants to look.
type Standing struct {
	Cores      float64    `json:"cores"`
	Usable     float64    `json:"usable_cores"` // what egresses may take together
	Free       float64    `json:"free_cores"`
	Used       float64    `json:"used_cores"` // by this process and its children, at the last measurement
	Shared     float64    `json:"shared_cores"`
	MaxMemory  int64      `json:"max_memory_bytes,omitempty"`
	FreeMemory int64      `json:"free_memory_bytes,omitempty"`
	UsedMemory int64      `json:"used_memory_bytes"`
	PSS        int64      `json:"pss_bytes"` // of this process and its children
	Measured   bool       `json:"measured"`
	Egresses   []Occupant `json:"egresses,omitempty"`
}

// Occupant is one egress in it.
type Occupant struct {
	ID       string        `json:"id"`
	Reserved float64       `json:"reserved_cores"`
	Used     float64       `json:"used_cores"`
	PSS      int64         `json:"pss_bytes"`
	Settled  bool          `json:"settled"` // its reservation does not count any more
	Age      time.Duration `json:"age_ns"`
}

// Standing is a copy of how things are, egresses by age, the oldest first.
func (g *Gate) Standing() Standing {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	l := g.load(now)
	s := Standing{
		Cores: g.budget.Cores, Usable: g.budget.Cores * g.budget.Share, Free: g.budget.free(l),
		Used: g.total.Cores, Shared: l.shared.Cores, PSS: g.total.PSS,
		MaxMemory: g.budget.Memory, UsedMemory: g.memory, Measured: g.measured,
	}
	if g.budget.Memory > 0 {
		s.FreeMemory = g.budget.freeMemory(l)
	}
	for _, id := range slices.Sorted(maps.Keys(g.egresses)) {
		e := g.egresses[id]
		c := e.claim(now, g.measured)
		s.Egresses = append(s.Egresses, Occupant{
			ID: id, Reserved: e.need.Cores, Used: c.used.Cores, PSS: c.used.PSS, Settled: c.settled, Age: now.Sub(e.since),
		})
	}
	slices.SortStableFunc(s.Egresses, func(a, b Occupant) int { return int(min(max(b.Age-a.Age, -1), 1)) })
	return s
}

// Youngest is the egress that came last; "" when there is none.
func (s Standing) Youngest() string {
	if len(s.Egresses) == 0 {
		return ""
	}
	return s.Egresses[len(s.Egresses)-1].ID
}

// Ratio is the part of the cores that is in use, 0 to 1.
func (s Standing) Ratio() float64 {
	if s.Cores <= 0 {
		return 0
	}
	return min(max(s.Used/s.Cores, 0), 1)
}
