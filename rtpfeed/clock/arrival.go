package clock

import "time"

const (
	arrivalSpan    = 500 * time.Millisecond
	arrivalBuckets = 20
	// usual is for how long the quickest arrival counts.
	usual = arrivalSpan * arrivalBuckets
)

// arrivals keeps the quickest arrivals of the last ten seconds: the smallest (arrival − media time) of each half second,
// with its media time. Packets only ever come late, so that the smallest is the best estimate of the way's length.
type arrivals struct {
	buckets [arrivalBuckets]arrival
	newest  int64 // number of the newest bucket
	any     bool
}

type arrival struct {
	number int64
	set    bool
	media  time.Duration
	lag    time.Duration // arrival − media
}

func (a *arrivals) add(media, at time.Duration) {
	n := int64(at / arrivalSpan)
	if a.any {
		n = max(n, a.newest)
	}
	a.newest, a.any = n, true
	b := &a.buckets[((n%arrivalBuckets)+arrivalBuckets)%arrivalBuckets]
	if lag := at - media; !b.set || b.number != n || lag < b.lag {
		*b = arrival{number: n, set: true, media: media, lag: lag}
	}
}

// last is when the newest arrived, to half a second.
func (a *arrivals) last() time.Duration { return time.Duration(a.newest) * arrivalSpan }

// quickest is the smallest value that of gives for the arrivals of the last span before the newest; false without any.
func (a *arrivals) quickest(span time.Duration, of func(arrival) time.Duration) (time.Duration, bool) {
	var low time.Duration
	found := false
	for _, b := range a.buckets {
		if !b.set || b.number <= a.newest-int64(span/arrivalSpan) {
			continue
		}
		if v := of(b); !found || v < low {
			low, found = v, true
		}
	}
	return low, found
}

// lag is the quickest arrival against the media time.
func (a *arrivals) lag(span time.Duration) (time.Duration, bool) {
	return a.quickest(span, func(b arrival) time.Duration { return b.lag })
}
