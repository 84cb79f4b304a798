package compose

import (
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/clock"
)

// What a track may have waiting: more than 6 s of any picture that is sent in a call.
const (
	queueUnits = 2048
	queueBytes = 32 << 20
)

// kind says what an entry is.
type kind int

const (
	media kind = iota
	muted
	unmuted
	replaced
	closed
)

// entry is something that happens to a track, in the track's order.
type entry struct {
	kind  kind
	unit  rtpfeed.Unit  // of media
	track rtpfeed.Track // of replaced
	clock *clock.Track  // of media and replaced
	ticks int64         // of media
	came  time.Duration // of media: when it was handed over, since the stage's epoch
	at    time.Duration // on the timeline; of media it is set when the entry is taken
}

// queue is what a track has waiting. The stage's mutex guards it.
type queue struct {
	entries []entry
	bytes   int
	lost    bool // something was thrown away, which the next unit has to tell
	flow    flow
	// unbounded says that nothing is thrown away: all that will ever be in it is there already.
	unbounded bool
}

// push adds an entry; when there are too many units the oldest goes.
func (q *queue) push(e entry) {
	if e.kind == media {
		q.flow.came(e.came)
	} else {
		q.flow.ends()
	}
	q.bytes += e.unit.Size()
	q.entries = append(q.entries, e)
	for !q.unbounded && (len(q.entries) > queueUnits || q.bytes > queueBytes && len(q.entries) > 1) {
		first := q.entries[0]
		if first.kind != media {
			return
		}
		q.drop()
		q.lost = true
	}
}

// drop removes the first entry.
func (q *queue) drop() {
	q.bytes -= q.entries[0].unit.Size()
	q.entries[0] = entry{}
	if q.entries = q.entries[1:]; len(q.entries) == 0 {
		q.entries = nil
	}
}

// due takes the first entry if it stands before until. of is the place of an entry on the timeline.
func (q *queue) due(until time.Duration, of func(*entry) time.Duration) (entry, bool) {
	if len(q.entries) == 0 {
		return entry{}, false
	}
	e := q.entries[0]
	if e.at = of(&e); e.at >= until {
		return entry{}, false
	}
	q.drop()
	if q.lost && e.kind == media {
		e.unit.Lost++
		q.lost = false
	}
	return e, true
}
