package compose

import (
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/clock"
)

const (
	// nothing is how long no media may come before the picture goes black.
	nothing = 2 * time.Second
	idle    = 100 * time.Millisecond // how often that is looked at
	// inbox is how many entries may wait for the decoder: seconds of them, while it is fed a quarter of one ahead.
	inbox = 256
	// A decoder that died is started again, at once and then after ever longer pauses.
	firstPause   = 250 * time.Millisecond
	longestPause = 8 * time.Second
	healthy      = 30 * time.Second // a decoder that lived so long counts as the first
	// darkSlots is how many slots later black stands than its moment, so that the last pictures before cannot have the
	// same slot.
	darkSlots = 2
)

// picture is a track of pictures: a goroutine that feeds a decoder.
type picture struct {
	stage *Stage
	keys  rtpfeed.Keyframer // may be nil
	inbox chan entry

	// The stage's mutex guards these.
	queue queue
	full  bool // the inbox was full, and something was thrown away
	rank  int64
	muted bool // or over
	from  time.Duration
	slots *clock.Slots

	// These belong to the picture's goroutine.
	track   rtpfeed.Track
	clock   *clock.Track
	chain   chain
	child   *child
	started time.Time
	pause   time.Duration
	retry   time.Time
	seen    time.Duration // of the last unit, on the timeline
	black   bool          // nothing has come since
}

// newPicture is called locked.
func newPicture(s *Stage, t rtpfeed.Track, c *clock.Track, keys rtpfeed.Keyframer) *picture {
	s.rank++
	return &picture{
		stage: s, keys: keys, inbox: make(chan entry, inbox), track: t, clock: c,
		rank: s.rank, muted: t.Muted, slots: clock.NewSlots(s.o.Format.FPS), black: true,
	}
}

// fill hands on what is due. Called locked.
func (p *picture) fill(until time.Duration) {
	for len(p.queue.entries) > 0 {
		full := len(p.inbox) == cap(p.inbox) // nobody else adds to it
		if full && p.queue.entries[0].kind != media {
			return
		}
		e, ok := p.queue.due(until, p.stage.place)
		if !ok {
			return
		}
		if e.kind == media {
			e.clock.Pin()
			p.stage.came(&e)
			if full { // the decoder is seconds behind
				p.full = true
				continue
			}
			if p.full {
				e.unit.Lost++
				p.full = false
			}
		}
		p.inbox <- e
	}
}

// shown is the picture that is seen: the one added or unmuted last. Called locked.
func (s *Stage) shown() *picture {
	var top *picture
	for _, p := range s.pictures {
		if !p.muted && (top == nil || p.rank > top.rank) {
			top = p
		}
	}
	return top
}

// run feeds the decoder until the track or the stage ends.
func (p *picture) run() {
	p.spawn()
	ticker := time.NewTicker(idle)
	defer ticker.Stop()
	defer p.leave()
	for {
		select {
		case e := <-p.inbox:
			p.take(&e)
			if e.kind == closed {
				return
			}
		case <-ticker.C:
			p.look()
		case <-p.stage.stop:
			return
		}
	}
}

func (p *picture) take(e *entry) {
	switch e.kind {
	case media:
		p.seen, p.black = e.at, false
		p.unit(e)
	case muted, closed:
		p.hide(e.at)
		p.darken(e.at)
		p.black = true
	case unmuted:
		p.unhide()
		p.key()
	case replaced:
		p.finish()
		p.track, p.clock, p.chain.whole = e.track, e.clock, false
		p.spawn()
	}
}

// unit feeds one unit, if it can be decoded and is to be seen.
func (p *picture) unit(e *entry) {
	s := p.stage
	s.mu.Lock()
	seen := s.shown() == p
	s.mu.Unlock()
	if !seen {
		p.chain.cut()
		return
	}
	before := p.chain
	if !p.chain.take(&e.unit) {
		p.key()
	}
	s.mu.Lock()
	s.stats.Undecodable += p.chain.dropped - before.dropped
	s.stats.Breaks += p.chain.breaks - before.breaks
	s.mu.Unlock()
	if !p.chain.whole {
		return
	}
	if p.child == nil || p.child.dead() {
		p.respawn()
	}
	if p.child == nil {
		p.chain.cut()
		return
	}
	if err := p.child.write(e); err != nil {
		p.chain.cut()
	}
}

// hide says that nothing of it is seen from a moment on.
func (p *picture) hide(from time.Duration) {
	p.stage.mu.Lock()
	defer p.stage.mu.Unlock()
	if !p.muted {
		p.muted, p.from = true, from
	}
}

// unhide makes it the picture that is seen.
func (p *picture) unhide() {
	p.stage.mu.Lock()
	defer p.stage.mu.Unlock()
	p.stage.rank++
	p.muted, p.rank = false, p.stage.rank
}

// look does what has to be done without a unit.
func (p *picture) look() {
	now, _ := p.stage.programme.Now()
	if !p.black && now > p.seen+nothing {
		p.darken(p.seen + nothing)
		p.black = true
	}
}

// key asks for a keyframe.
func (p *picture) key() {
	if p.keys != nil {
		p.keys.RequestKeyframe()
	}
}

// darken shows black from a moment on, if this picture, or none, is the one that is seen.
func (p *picture) darken(at time.Duration) {
	s := p.stage
	s.mu.Lock()
	top := s.shown()
	s.mu.Unlock()
	if top != nil && top != p {
		top.key() // its chain was not followed
		return
	}
	f := s.programme.Frames().Get()
	s.o.Format.Black(f.Pix)
	s.programme.Video().Put(s.o.Format.Timeline().FrameAt(at)+darkSlots, f)
}

// spawn starts a decoder for the track.
func (p *picture) spawn() {
	c, err := p.stage.startChild(p, p.track, p.clock)
	if err != nil {
		p.stage.log.Warn("decoder did not start", "track", p.track.SID, "error", err)
		p.child = nil
		return
	}
	p.child, p.started = c, time.Now()
}

// respawn replaces a decoder that died.
func (p *picture) respawn() {
	now := time.Now()
	if p.child != nil {
		p.stage.log.Warn("decoder died", "track", p.track.SID, "codec", p.track.Codec, "error", p.child.err())
		p.finish()
		if now.Sub(p.started) > healthy {
			p.pause = 0
		}
		p.retry = now.Add(p.pause)
		p.pause = min(max(2*p.pause, firstPause), longestPause)
		p.chain.cut()
		p.key()
	}
	if now.After(p.retry) {
		p.spawn()
	}
}

// finish lets the decoder end what it has.
func (p *picture) finish() {
	if p.child != nil {
		p.child.finish()
		p.child = nil
	}
}

// leave ends the picture.
func (p *picture) leave() {
	p.finish()
	s := p.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	var keep []*picture
	for _, other := range s.pictures {
		if other != p {
			keep = append(keep, other)
		}
	}
	s.pictures = keep
}

// show places a decoded picture, whose owner it becomes.
func (p *picture) show(f *programme.Frame, c *clock.Track, ticks int64) {
	s := p.stage
	s.mu.Lock()
	at := c.At(ticks) - s.zero
	hidden := p.muted && at >= p.from || !p.muted && s.shown() != p
	slot := p.slots.Place(at)
	if hidden {
		s.stats.Hidden++
	} else {
		s.stats.Pictures++
	}
	s.mu.Unlock()
	if hidden {
		f.Release()
		return
	}
	s.programme.Video().Put(slot, f)
}
