package programme

import "time"

// minFilter keeps the minimum of what was observed within a sliding window, in buckets so that its memory is constant.
// Arrival times only ever err late, so the minimum of (arrival − expected) is the best estimate of the phase.
type minFilter struct {
	width   time.Duration // of one bucket
	buckets []minBucket
	last    int64
	started bool
}

type minBucket struct {
	index int64
	min   time.Duration
	set   bool
}

func newMinFilter(window time.Duration, buckets int) minFilter {
	return minFilter{width: window / time.Duration(buckets), buckets: make([]minBucket, buckets)}
}

// add takes value v observed at t and returns the minimum over the window that ends at t. Times may repeat; one that
// goes back counts as the latest.
func (m *minFilter) add(t, v time.Duration) time.Duration {
	index, _ := floorDiv(int64(t), int64(m.width))
	if m.started {
		index = max(index, m.last)
	}
	m.last, m.started = index, true
	_, i := floorDiv(index, int64(len(m.buckets)))
	b := &m.buckets[i]
	if !b.set || b.index != index || v < b.min {
		*b = minBucket{index: index, min: v, set: true}
	}
	low, _ := m.min()
	return low
}

// min is the minimum over the window that ends at the last observation; false without any.
func (m *minFilter) min() (time.Duration, bool) {
	var low time.Duration
	found := false
	for _, b := range m.buckets {
		if b.set && b.index > m.last-int64(len(m.buckets)) && (!found || b.min < low) {
			low, found = b.min, true
		}
	}
	return low, found
}
