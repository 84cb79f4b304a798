package browser

import (
	"math/bits"
	"time"
)

const (
	// phaseMemory is how long changes count, phaseRing how many at most.
	phaseMemory = 2 * time.Second
	phaseRing   = 256
	phaseBins   = 16
	// phaseGain is by how much another phase must be better: of its pictures
	// that share is seen exactly once that is not now. A few changes prove less:
	// phaseDoubt, divided by their number, is added.
	phaseGain  = 0.12
	phaseDoubt = 0.5
	// What is no rhythm has no good phase: one where so many pictures are missed
	// is good only if next to nothing changes near it, as between the ticks of a
	// page that draws at each.
	phaseMissed = 0.4
	phaseNear   = 0.05
	// phaseLull is after how many periods without a change what was before tells
	// nothing any more, phaseNeeds how many changes without a lull tell something.
	phaseLull  = 4
	phaseNeeds = 5
	// tickSpread joins the drawings of one tick of Chromium's compositor.
	tickSpread = 4 * time.Millisecond

	cellsAcross = 8 // also down; one bit each
)

// phase learns when the screen changes and finds the moment of the frame period
// to read it at: the one where as few pictures as possible are seen twice or
// not at all, and as far from the changes as possible. A source at the frame
// rate changes its part of the screen once a period, but on either of the
// compositor's ticks; read between the wrong two, its pictures are doubled and
// lost as they wander. So it is counted, for each of the cells of the screen
// and each phase, how often there was exactly one change between two readings.
//
// It is pure arithmetic, for one goroutine; times are on the monotonic clock,
// durations since one epoch. Phases are from 0 up to the period.
type phase struct {
	period        time.Duration
	width, height int
	changes       []change // in order of time
}

type change struct {
	at    time.Duration
	cells uint64
}

func newPhase(period time.Duration, width, height int) *phase {
	return &phase{period: period, width: width, height: height, changes: make([]change, 0, phaseRing)}
}

// note takes a change of a rectangle. What covers no cell (a caret, a clock) is
// not worth a reading of its own.
func (p *phase) note(at time.Duration, x, y, w, h int) {
	cells := p.cells(x, y, w, h)
	if cells == 0 {
		return
	}
	if n := len(p.changes); n > 0 && at-p.changes[n-1].at < tickSpread {
		p.changes[n-1].cells |= cells
		return
	}
	p.add(change{at, cells})
}

func (p *phase) add(c change) {
	p.forget(c.at)
	p.changes = append(p.changes, c)
}

// forget drops what is too old, too much, or before a lull.
func (p *phase) forget(now time.Duration) {
	old := 0
	for old < len(p.changes) && (now-p.changes[old].at > phaseMemory || len(p.changes)-old >= phaseRing) {
		old++
	}
	if n := len(p.changes); n > 0 && now-p.changes[n-1].at > phaseLull*p.period {
		old = n
	}
	p.changes = p.changes[:copy(p.changes, p.changes[old:])]
}

// cells are those whose middle is covered.
func (p *phase) cells(x, y, w, h int) uint64 {
	across, down := cellRange(x, w, p.width), cellRange(y, h, p.height)
	var row, all uint64
	for i := across[0]; i < across[1]; i++ {
		row |= 1 << i
	}
	for i := down[0]; i < down[1]; i++ {
		all |= row << (i * cellsAcross)
	}
	return all
}

// cellRange gives the cells whose middle (2i+1)·whole/16 is in [from, from+size).
func cellRange(from, size, whole int) [2]int {
	first := func(edge int) int {
		// The smallest i with (2i+1)·whole ≥ 2·cellsAcross·edge.
		i := (2*cellsAcross*edge - whole + 2*whole - 1) / (2 * whole)
		return min(max(i, 0), cellsAcross)
	}
	return [2]int{first(max(from, 0)), first(max(from+size, 0))}
}

// best gives the phase to read at, and whether that is worth leaving the
// current one for. It is not while there is too little to judge by.
func (p *phase) best(now, current time.Duration) (best time.Duration, better bool) {
	p.forget(now)
	if len(p.changes) < phaseNeeds {
		return current, false
	}
	active := p.active()
	if active == 0 {
		return current, false
	}
	best = current
	missed, near := p.cost(current, active)
	limit := missed + near - phaseGain - phaseDoubt/float64(len(p.changes))
	for bin := range phaseBins {
		candidate := p.period * time.Duration(bin) / phaseBins
		missed, near := p.cost(candidate, active)
		if missed+near < limit && (missed < phaseMissed || near < phaseNear) {
			best, limit, better = candidate, missed+near, true
		}
	}
	return best, better
}

// active are the cells that change often enough to have a rhythm: every other
// period.
func (p *phase) active() (cells uint64) {
	span := p.changes[len(p.changes)-1].at - p.changes[0].at
	need := int(span / p.period / 2)
	for cell := range cellsAcross * cellsAcross {
		n := 0
		for _, c := range p.changes {
			n += int(c.cells >> cell & 1)
		}
		if n > need {
			cells |= 1 << cell
		}
	}
	return cells
}

// cost of a phase: the share of pictures not seen exactly once, and how near
// the changes are to the reading, of which noise would make some more.
func (p *phase) cost(at time.Duration, active uint64) (missed, near float64) {
	var weight float64
	windows := 0
	var once, twice uint64
	window := p.window(p.changes[0].at, at)
	for _, c := range p.changes {
		cells := c.cells & active
		if w := p.window(c.at, at); w != window {
			if windows > 0 { // the first is not whole
				missed += float64(bits.OnesCount64(active&^once)+bits.OnesCount64(twice)) +
					float64(int(w-window-1)*bits.OnesCount64(active))
				windows += int(w - window - 1)
			}
			windows++
			window, once, twice = w, 0, 0
		}
		twice |= once & cells
		once |= cells
		n := float64(bits.OnesCount64(cells))
		weight += n
		near += n * p.nearness(c.at, at)
	}
	if windows < 2 || weight == 0 {
		return 0, 0
	}
	return missed / float64((windows-1)*bits.OnesCount64(active)), near / weight
}

// window counts the periods that begin at a phase.
func (p *phase) window(t, at time.Duration) int64 {
	d := t - at
	n := int64(d / p.period)
	if d < 0 {
		n--
	}
	return n
}

// nearness falls from 1 at the reading to 0 a quarter of a period away.
func (p *phase) nearness(t, at time.Duration) float64 {
	d := (t - at) % p.period
	if d < 0 {
		d += p.period
	}
	d = min(d, p.period-d)
	return max(0, 1-4*float64(d)/float64(p.period))
}
