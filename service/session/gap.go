package session

import (
	"fmt"
	"time"
)

// gap is the time for which a recording has lost its source, if it has.
type gap struct {
	lost     int           // times
	restored int           // times
	part     string        // what was lost first
	from     time.Time     // of the gap that is open; zero = none is
	held     time.Duration // of those that are over
}

// open begins the gap. A second one while it is open changes nothing.
func (g *gap) open(part string, at time.Time) {
	if !g.from.IsZero() {
		return
	}
	if g.lost++; g.lost == 1 {
		g.part = part
	}
	g.from = at
}

// begin says that the recording begins: what was lost before is not missing in it.
func (g *gap) begin(zero time.Time) {
	if g.from.IsZero() {
		*g = gap{}
		return
	}
	g.from = later(g.from, zero)
}

// close ends the gap: restored tells by the source's return, otherwise by the end of the recording.
func (g *gap) close(at time.Time, restored bool) {
	if g.from.IsZero() {
		return
	}
	if restored {
		g.restored++
	}
	g.held += max(at.Sub(g.from), 0)
	g.from = time.Time{}
}

// text tells of it; "" when there is nothing to tell.
func (g *gap) text(video bool) string {
	if g.lost == 0 {
		return ""
	}
	what := "picture held"
	if !video {
		what = "silent"
	}
	if g.restored == 0 {
		return fmt.Sprintf("Page lost (%s) and not restarted, %s for %.1f s", g.part, what, g.held.Seconds())
	}
	return fmt.Sprintf("Page restarted once (%s lost), %s for %.1f s", g.part, what, g.held.Seconds())
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
