package admit

import "time"

// Ticks of CPU pressure, as LiveKit Egress counts them, a second apart.
const (
	highTicks = 10
	lowTicks  = 5
	highLoad  = 0.95
)

// Pressure says when a node cannot carry what it has. Programmes shed load by themselves then, they repeat pictures;
// only when that has gone on for the grace is one egress to be ended, gracefully.
type Pressure struct {
	threshold float64
	grace     time.Duration

	high, low int
	since     time.Time // since when pressure is on and recordings lack pictures
}

// NewPressure takes max_cpu_utilization and cpu_kill_grace_sec.
func NewPressure(share float64, grace time.Duration) *Pressure {
	threshold := highLoad
	if share >= highLoad {
		threshold = (share + 1) / 2
	}
	return &Pressure{threshold: threshold, grace: grace}
}

// Tick takes in a second: the part of the cores that was used, how many egresses there are, and whether any of them
// lacks a picture for want of CPU. It returns true when one of them is to be ended.
func (p *Pressure) Tick(now time.Time, used float64, egresses int, shed bool) bool {
	if used > p.threshold {
		p.high, p.low = p.high+1, 0
	} else if p.low++; p.low >= lowTicks {
		p.high, p.since = 0, time.Time{}
	}
	switch {
	case p.high < highTicks || egresses < 2:
		p.since = time.Time{}
		return false
	case p.since.IsZero():
		if shed {
			p.since = now
		}
		return false
	case now.Sub(p.since) < p.grace || !shed:
		return false
	}
	p.high, p.low, p.since = 0, 0, time.Time{} // the next one after as long again
	return true
}

// On tells that the node is under pressure.
func (p *Pressure) On() bool { return p.high >= highTicks }

// MemoryPressure says when more memory is used than may be.
type MemoryPressure struct {
	limit int64
	grace time.Duration
	since time.Time
}

// NewMemoryPressure takes max_memory in bytes, 0 = no limit, and memory_kill_grace_sec.
func NewMemoryPressure(limit int64, grace time.Duration) *MemoryPressure {
	return &MemoryPressure{limit: limit, grace: grace}
}

// Tick takes in what is used. It returns true when an egress is to be ended.
func (p *MemoryPressure) Tick(now time.Time, used int64) bool {
	switch {
	case p.limit <= 0 || used <= p.limit:
		p.since = time.Time{}
		return false
	case p.since.IsZero():
		p.since = now
	}
	if now.Sub(p.since) < p.grace {
		return false
	}
	p.since = time.Time{}
	return true
}
