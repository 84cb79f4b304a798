package compose

import "time"

const (
	lateSpan    = time.Second
	lateBuckets = 10
	// flowing is how far apart media comes at most that is missed when it does not come, flowingUnits times in a row:
	// not the pictures of a still screen, nor sound in its pauses.
	flowing      = 110 * time.Millisecond
	flowingUnits = 8
)

// lateness keeps by how much media came later than its place, for ten seconds. It is never negative.
type lateness struct {
	buckets [lateBuckets]struct {
		number int64
		late   time.Duration
	}
}

func (l *lateness) add(now, late time.Duration) {
	n := int64(now / lateSpan)
	b := &l.buckets[n%lateBuckets]
	if b.number != n {
		b.number, b.late = n, 0
	}
	b.late = max(b.late, late)
}

// worst is the most of the last ten seconds.
func (l *lateness) worst(now time.Duration) time.Duration {
	n := int64(now / lateSpan)
	var worst time.Duration
	for _, b := range l.buckets {
		if n-b.number < lateBuckets {
			worst = max(worst, b.late)
		}
	}
	return worst
}

// flow is how the media of a track comes in.
type flow struct {
	last time.Duration // when it came last
	even int           // times in a row that it came soon
}

// came tells that there is media.
func (f *flow) came(now time.Duration) {
	if now-f.last > flowing {
		f.even = 0
	}
	f.even++
	f.last = now
}

// ends tells that none is expected any more.
func (f *flow) ends() { f.even = 0 }

// missing is for how long it has not come although it should.
func (f *flow) missing(now time.Duration) time.Duration {
	if f.even < flowingUnits {
		return 0
	}
	return now - f.last
}
