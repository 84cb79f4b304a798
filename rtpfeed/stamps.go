package rtpfeed

import "time"

// maxStray is how far a track's timestamps may be off its packets' arrival; beyond, the clock was set. LiveKit Egress'
// bound.
const maxStray = 5 * time.Second

// settling is for how long after its first packet a track's zero may still move. What waited to be read when the track was
// subscribed to, on a machine that had no time for it, is through long before.
const settling = 3 * time.Second

// stamps is the timeline of one track that is recorded alone: it begins with its first unit and goes on with the RTP
// clock.
type stamps struct {
	rate    uint32    // Hz
	zero    time.Time // of the timeline: when its first packet came or, if that is known to be earlier, was due
	first   time.Time // when the first packet was read
	prev    uint32
	ticks   int64 // since base
	base    time.Duration
	restart bool // the next unit has timestamps of a new kind
}

// at is where a unit stands.
func (s *stamps) at(ts uint32, arrived time.Time) time.Duration {
	if s.zero.IsZero() {
		s.zero, s.first, s.prev = arrived, arrived, ts
	}
	wall := arrived.Sub(s.zero)
	if s.restart {
		s.restart, s.prev, s.ticks, s.base = false, ts, 0, wall
	}
	s.ticks += int64(int32(ts - s.prev))
	s.prev = ts
	at := s.base + lengthOf(s.ticks, int64(s.rate))
	if early := at - wall; early > 0 && early <= maxStray && arrived.Sub(s.first) < settling {
		// No packet comes before its time: those before it were late, and with them the zero.
		s.zero, wall = s.zero.Add(-early), at
	}
	if off := at - wall; off > maxStray || off < -maxStray {
		s.ticks, s.base = 0, wall
		at = wall
	}
	return at
}

// lengthOf is how long so many ticks or samples are. In whole seconds first: nanoseconds of days would not fit.
func lengthOf(ticks, rate int64) time.Duration {
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate*int64(time.Second)/rate)
}

// samplesAt is the sample that stands at a time.
func samplesAt(at time.Duration, rate int64) int64 {
	whole, rest := int64(at/time.Second), int64(at%time.Second)
	return whole*rate + (rest*rate+int64(time.Second)/2)/int64(time.Second)
}
