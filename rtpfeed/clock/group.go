package clock

import "time"

// slew is the most by which a timeline that media stands on already is moved, in seconds per second: more than any two
// clocks run apart, and 1 cent of pitch.
const (
	slew     = 500e-6
	slewStep = 100 * time.Millisecond
)

// stale is when a track that sends nothing has no say any more: clocks have drifted meanwhile.
const stale = time.Minute

// Group is the clock of one participant.
type Group struct {
	tracks []*Track
	epoch  uint64 // NTP time that sender times are counted from
	dated  bool
	offset time.Duration // session time − the sender's time
	tied   bool          // offset is known
	frozen bool          // media stands on it
	moved  time.Duration // in sum since then
	last   time.Duration
}

// Track adds a track with the RTP clock rate given, in Hz.
func (g *Group) Track(sound bool, rate uint32) *Track {
	t := &Track{group: g, sound: sound, rate: int64(max(rate, 1))}
	g.tracks = append(g.tracks, t)
	return t
}

// Synced counts the tracks that have had a report; ok tells that there is none with media and without one.
func (g *Group) Synced() (n int, ok bool) {
	ok = true
	for _, t := range g.tracks {
		if t.line.set {
			n++
		} else if t.started {
			ok = false
		}
	}
	return n, ok
}

// Advance moves the timeline on: it is called now and then with the present time, and gives what drifts its slow
// corrections.
func (g *Group) Advance(now time.Duration) {
	passed := now - g.last
	if passed < slewStep {
		return
	}
	if g.last == 0 {
		passed = 0
	}
	g.last = now
	step := time.Duration(float64(passed) * slew)
	g.tie()
	if want, ok := g.quickest(); ok && g.tied && g.frozen {
		by := max(-step, min(step, want-g.offset))
		g.offset += by
		g.moved += by
	}
	for _, t := range g.tracks {
		t.advance(step)
	}
}

// Moved is by how much the timeline was moved, in sum, while media stood on it.
func (g *Group) Moved() time.Duration { return g.moved }

// quickest is the offset by which the quickest packet would have arrived at its session time.
func (g *Group) quickest() (time.Duration, bool) {
	var low time.Duration
	found := false
	for _, t := range g.tracks {
		if !t.line.set || g.last-t.arrivals.last() > stale {
			continue
		}
		v, ok := t.arrivals.quickest(usual, t.behind)
		if ok && (!found || v < low) {
			low, found = v, true
		}
	}
	return low, found
}

// tie finds the offset, as long as it may be changed. What was handed on by its arrival stays where it is, sound before
// pictures: a group whose sound has no report yet waits for it.
func (g *Group) tie() {
	if g.tied && g.frozen {
		return
	}
	if !g.frozen {
		g.offset, g.tied = g.quickest()
		return
	}
	anchor := g.anchor()
	if anchor == nil {
		g.offset, g.tied = g.quickest()
		return
	}
	if anchor.line.set {
		media := anchor.newest()
		g.offset, g.tied = anchor.byArrival(media)-anchor.line.sender(media), true
	}
}

// anchor is the track that the others have to follow when the first report comes after media was handed on.
func (g *Group) anchor() *Track {
	var anchor *Track
	for _, t := range g.tracks {
		if t.pinned && (anchor == nil || t.sound && !anchor.sound) {
			anchor = t
		}
	}
	return anchor
}

// remove forgets a track that has ended.
func (g *Group) remove(t *Track) {
	keep := g.tracks[:0]
	for _, other := range g.tracks {
		if other != t {
			keep = append(keep, other)
		}
	}
	clear(g.tracks[len(keep):])
	g.tracks = keep
}

// senderTime is an NTP timestamp (32.32, wrapping in 2036) as the group counts.
func (g *Group) senderTime(ntp uint64) time.Duration {
	if !g.dated {
		g.epoch, g.dated = ntp, true
	}
	d := int64(ntp - g.epoch)
	return time.Duration(d>>32)*time.Second + time.Duration((d&0xffffffff)*int64(time.Second)>>32)
}
