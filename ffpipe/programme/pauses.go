package programme

import (
	"math"
	"time"
)

// PauseMode says what becomes of the time of a pause.
type PauseMode int

const (
	// Slate shows a slate and is silent meanwhile.
	Slate PauseMode = iota
	// Cut leaves the time out: what comes before and after stands beside each other.
	Cut
)

// String is what a user calls it.
func (m PauseMode) String() string {
	if m == Cut {
		return "cut"
	}
	return "slate"
}

// pause is a part of the sources' timeline that is not shown: from its first frame and sample up to the first that
// are shown again.
type pause struct {
	mode     PauseMode
	from, to Point // to is open-ended while it lasts
	cut      Point // how many were left out before it
	cutAfter Point // the same, with it
}

// open is the end of a pause that lasts.
var open = Point{math.MaxInt64, math.MaxInt64}

func (p *pause) lasts() bool { return p.to == open }

// pauses map the sources' timeline to that of the consumers, which has no holes: each frame and sample of theirs is
// what the sources have there, plus what was cut before. Picture and sound are cut at the same frame, so that frame n
// of the consumers stands at their sample FrameSample(n) before and after, for any number of pauses. It is pure
// arithmetic.
type pauses struct {
	line  Timeline
	video bool
	list  []pause // in order, without overlaps
}

// last is the newest pause; nil = there was none.
func (ps *pauses) last() *pause {
	if len(ps.list) == 0 {
		return nil
	}
	return &ps.list[len(ps.list)-1]
}

// lasting tells that there is a pause without an end.
func (ps *pauses) lasting() bool {
	p := ps.last()
	return p != nil && p.lasts()
}

// cut is how many were left out before whatever comes next.
func (ps *pauses) cut() Point {
	if p := ps.last(); p != nil {
		return p.cutAfter
	}
	return Point{}
}

// edge is the first place at d or later, but not before least, where sources' media may be cut: at a frame of the
// consumers', given what was left out before.
func (ps *pauses) edge(d time.Duration, least, cut Point) Point {
	if !ps.video {
		return Point{least.Frame, max(ps.line.SampleAt(d), least.Sample)}
	}
	n := max(ps.line.FrameAt(d), least.Frame)
	for ps.line.FrameTime(n) < d || ps.line.FrameSample(n-cut.Frame)+cut.Sample < least.Sample {
		n++
	}
	return Point{n, ps.line.FrameSample(n-cut.Frame) + cut.Sample}
}

// begin opens a pause at a moment on the timeline; least is what was emitted already.
func (ps *pauses) begin(d time.Duration, least Point, mode PauseMode) {
	if p := ps.last(); p != nil { // it may not have been reached yet
		least.Frame, least.Sample = max(least.Frame, p.to.Frame), max(least.Sample, p.to.Sample)
	}
	cut := ps.cut()
	ps.list = append(ps.list, pause{mode: mode, from: ps.edge(d, least, cut), to: open, cut: cut, cutAfter: cut})
}

// end closes the pause that lasts.
func (ps *pauses) end(d time.Duration, least Point) {
	p := ps.last()
	least.Frame, least.Sample = max(least.Frame, p.from.Frame), max(least.Sample, p.from.Sample)
	if p.mode == Slate {
		p.to = ps.edge(d, least, p.cut)
		return
	}
	p.to = ps.edge(d, least, Point{}) // where the sources' picture and sound belong together
	p.cutAfter = Point{p.cut.Frame + p.to.Frame - p.from.Frame, p.cut.Sample + p.to.Sample - p.from.Sample}
}

// frame is where the sources' frame n stands for the consumers, and the pause that it is in, nil = none. Of what was
// cut it is the place of the cut. fresh tells that it is the first of its kind.
func (ps *pauses) frame(n int64) (at int64, in *pause, fresh bool) {
	for i := len(ps.list) - 1; i >= 0; i-- {
		switch p := &ps.list[i]; {
		case n >= p.to.Frame:
			return n - p.cutAfter.Frame, nil, n == p.to.Frame
		case n < p.from.Frame:
		case p.mode == Cut:
			return p.from.Frame - p.cut.Frame, p, false
		default:
			return n - p.cut.Frame, p, n == p.from.Frame
		}
	}
	return n, nil, false
}

// sample is the same for a sample.
func (ps *pauses) sample(m int64) (at int64, in *pause) {
	for i := len(ps.list) - 1; i >= 0; i-- {
		switch p := &ps.list[i]; {
		case m >= p.to.Sample:
			return m - p.cutAfter.Sample, nil
		case m < p.from.Sample:
		case p.mode == Cut:
			return p.from.Sample - p.cut.Sample, p
		default:
			return m - p.cut.Sample, p
		}
	}
	return m, nil
}

// untilEdge is how many samples there are from sample m to where a pause begins or ends.
func (ps *pauses) untilEdge(m int64) int64 {
	next := int64(math.MaxInt64)
	for i := len(ps.list) - 1; i >= 0 && ps.list[i].to.Sample > m; i-- {
		p := &ps.list[i]
		next = p.to.Sample
		if p.from.Sample > m {
			next = p.from.Sample
		}
	}
	return next - m
}

// leftOut is how much of the sources' time was cut before a moment of the consumers', and in how many cuts.
func (ps *pauses) leftOut(at time.Duration) (left time.Duration, cuts int) {
	for i := range ps.list {
		p := &ps.list[i]
		if p.mode != Cut || p.lasts() || ps.time(Point{p.from.Frame - p.cut.Frame, p.from.Sample - p.cut.Sample}) > at {
			continue
		}
		left += ps.length(p, p.to)
		cuts++
	}
	return left, cuts
}

// spent is how long the pauses were, of which the last lasts until the end; by their modes.
func (ps *pauses) spent(end Point) (times int, slate, cut time.Duration) {
	for i := range ps.list {
		p := &ps.list[i]
		to := p.to
		if p.lasts() {
			to = Point{max(end.Frame, p.from.Frame), max(end.Sample, p.from.Sample)}
		}
		switch times++; p.mode {
		case Slate:
			slate += ps.length(p, to)
		case Cut:
			cut += ps.length(p, to)
		}
	}
	return times, slate, cut
}

func (ps *pauses) length(p *pause, to Point) time.Duration { return ps.time(to) - ps.time(p.from) }

// time is a place in the time since zero.
func (ps *pauses) time(at Point) time.Duration {
	if ps.video {
		return ps.line.FrameTime(at.Frame)
	}
	return ps.line.SampleTime(at.Sample)
}
