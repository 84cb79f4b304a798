package programme

import (
	"errors"
	"time"
)

var (
	// ErrPaused is Pause's error while a pause lasts.
	ErrPaused = errors.New("programme: it is paused")
	// ErrNotPaused is Resume's error while none does.
	ErrNotPaused = errors.New("programme: it is not paused")
	// ErrNotRunning is the error of both before Start and after Stop.
	ErrNotRunning = errors.New("programme: it is not running")
)

// PauseStats tell of a programme's pauses.
type PauseStats struct {
	Times int           // also one that lasts
	Slate time.Duration // shown
	Cut   time.Duration // left out
	Now   bool          // a pause lasts
}

// Pause has the consumers not get what stands at the moment and after it: a slate and silence instead, or with Cut
// nothing, so that their timeline stands still. What was emitted already stays, so that it may begin a little later.
// The sources go on; what they deliver meanwhile is dropped.
func (p *Programme) Pause(at time.Time, mode PauseMode) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.started || p.stopping:
		return ErrNotRunning
	case p.pauses.lasting():
		return ErrPaused
	}
	p.pauses.begin(at.Sub(p.zero), p.emitted(), mode)
	p.log.Debug("programme pauses", "mode", mode, "at", p.pauses.last().from)
	p.wakeUp()
	return nil
}

// Resume ends the pause at a moment.
func (p *Programme) Resume(at time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.started || p.stopping:
		return ErrNotRunning
	case !p.pauses.lasting():
		return ErrNotPaused
	}
	p.pauses.end(at.Sub(p.zero), p.emitted())
	p.log.Debug("programme goes on", "at", p.pauses.last().to)
	p.wakeUp()
	return nil
}

// Pauses tells of the pauses so far.
func (p *Programme) Pauses() PauseStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	times, slate, cut := p.pauses.spent(p.emitted())
	return PauseStats{Times: times, Slate: slate, Cut: cut, Now: p.pauses.lasting()}
}

// LeftOut is how much time was cut before a moment of the consumers' timeline, and in how many cuts: by so much the wall
// clock is ahead of zero + at there.
func (p *Programme) LeftOut(at time.Duration) (left time.Duration, cuts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pauses.leftOut(at)
}

// emitted is where the sources' timeline stands. Called locked.
func (p *Programme) emitted() Point { return Point{p.video.next, p.mixer.next} }

// shown is a place of the sources' timeline as the consumers see it. Called locked.
func (p *Programme) shown(at Point) Point {
	at.Frame, _, _ = p.pauses.frame(at.Frame)
	at.Sample, _ = p.pauses.sample(at.Sample)
	return at
}

// slate is the picture of a pause. Called locked.
func (p *Programme) slate() *Frame {
	if p.slateFrame == nil {
		p.slateFrame = p.pool.Get()
		p.format.Slate(p.slateFrame.Pix)
	}
	return p.slateFrame
}
