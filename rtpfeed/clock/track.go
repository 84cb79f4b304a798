package clock

import "time"

const (
	// reportJump is a report that differs by more than any clock can have drifted: something was set anew.
	reportJump = 40 * time.Millisecond
	// early and late are by how much a timestamp must differ from the usual way's length to count as a jump. Media
	// cannot come before it was made, and 5 s is the limit of LiveKit Egress.
	early = 300 * time.Millisecond
	late  = 5 * time.Second
)

// Track is the clock of one track. Its timestamps are counted on in ticks, 64 bits of the RTP clock.
type Track struct {
	group *Group
	sound bool
	rate  int64

	started bool
	rtp     uint32 // of the newest unit
	ticks   int64  // its ticks
	line    line
	set     time.Duration // by how much the sender's clock was set since the first report
	lag     time.Duration // quickest arrival when the last report came
	pinned  bool

	arrivals arrivals
	base     time.Duration // session time − media time, without a report, once it is pinned
	slower   time.Duration // by how much the way is longer than the group's quickest, as the predecessor knew it
}

// Unit takes a unit's RTP timestamp and the arrival of its first packet, and returns its ticks.
func (t *Track) Unit(rtp uint32, arrived time.Duration) int64 {
	if !t.started {
		t.started, t.rtp = true, rtp
	}
	ticks := t.unwrap(rtp)
	if expected, ok := t.arrivals.quickest(usual, t.behind); ok {
		media := t.media(ticks)
		if off := t.behind(arrival{media: media, lag: arrived - media}) - expected; off < -early || off > late {
			// The timestamps have jumped: they go on where they are expected.
			ticks += t.ticksOf(off)
		}
	}
	t.rtp, t.ticks = rtp, ticks
	t.arrivals.add(t.media(ticks), arrived)
	return ticks
}

// behind is how much later than by the sender's clock, or without a report by the track's own, something came.
func (t *Track) behind(a arrival) time.Duration {
	if !t.line.set {
		return a.lag
	}
	return a.lag + a.media - t.line.sender(a.media)
}

// unwrap counts 32 bits on from the newest unit, in the nearer direction.
func (t *Track) unwrap(rtp uint32) int64 { return t.ticks + int64(int32(rtp-t.rtp)) }

// Report takes a sender report, whose RTP timestamp may be before or after those of the units. Without any unit there
// is nothing to tie it to.
func (t *Track) Report(ntp uint64, rtp uint32) {
	if !t.started {
		return
	}
	media, sender := t.media(t.unwrap(rtp)), t.group.senderTime(ntp)+t.set
	lag, _ := t.arrivals.lag(2 * arrivalSpan)
	defer func() { t.lag = lag }()
	if !t.line.set {
		t.line.reset(media, sender)
		return
	}
	jump := t.line.innovation(media, sender)
	if jump.Abs() <= reportJump {
		t.line.update(media, sender)
		return
	}
	// If the units have jumped by as much against their arrival, the RTP timestamps were set anew (by another layer, say)
	// and the report tells what they mean now. If not, the sender's clock was set, which moves nothing.
	if moved := lag - t.lag; (jump - moved).Abs() <= jump.Abs()/2 {
		t.line.reset(media, sender)
		return
	}
	t.set -= jump
}

// Rate is the RTP clock's, in Hz.
func (t *Track) Rate() int64 { return t.rate }

// At is the session time of ticks.
func (t *Track) At(ticks int64) time.Duration {
	t.group.tie()
	media := t.media(ticks)
	if t.line.set && t.group.tied {
		return t.line.sender(media) + t.group.offset
	}
	return t.byArrival(media)
}

// byArrival is the session time of a media time, as far as arrivals tell it.
func (t *Track) byArrival(media time.Duration) time.Duration {
	if t.pinned {
		return media + t.base
	}
	base, _ := t.arrivals.lag(usual)
	return media + base - t.slower
}

// Pin tells that media of the track is handed on: from now on it keeps its place.
func (t *Track) Pin() {
	if t.pinned {
		return
	}
	t.group.tie()
	base, _ := t.arrivals.lag(usual)
	t.base = base - t.slower
	t.pinned, t.group.frozen = true, true
}

// Next is the clock of what comes after the track was published again: with timestamps of its own, by the same way.
func (t *Track) Next(rate uint32) *Track {
	slower := t.slower
	if t.line.set && t.group.tied {
		if lag, ok := t.arrivals.lag(usual); ok {
			media := t.media(t.ticks)
			slower = media + lag - t.At(t.ticks)
		}
	}
	t.End()
	next := t.group.Track(t.sound, rate)
	next.slower = slower
	return next
}

// End tells that no unit will come any more. At goes on to answer.
func (t *Track) End() { t.group.remove(t) }

// advance lets a track without reports follow its arrivals.
func (t *Track) advance(step time.Duration) {
	if !t.pinned {
		return
	}
	if lag, ok := t.arrivals.lag(usual); ok {
		t.base += max(-step, min(step, lag-t.slower-t.base))
	}
}

// newest is the media time of the newest unit.
func (t *Track) newest() time.Duration { return t.media(t.ticks) }

// media is the time of ticks by the track's own clock.
func (t *Track) media(ticks int64) time.Duration {
	s, r := ticks/t.rate, ticks%t.rate
	return time.Duration(s)*time.Second + time.Duration(r*int64(time.Second)/t.rate)
}

// ticksOf is the reverse of media.
func (t *Track) ticksOf(d time.Duration) int64 {
	s, r := int64(d/time.Second), int64(d%time.Second)
	return s*t.rate + r*t.rate/int64(time.Second)
}
