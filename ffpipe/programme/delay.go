package programme

import "time"

// easeSpeed is how fast the programme runs while its delay gets shorter, as long as its consumers can follow.
const easeSpeed = 2

// delay is how long after its time on the timeline anything is emitted: how far a source may look back. It gets shorter
// by degrees, so that what is behind need not run faster than it can.
type delay struct {
	from, to time.Duration
	since    time.Duration // since zero: when it was from
	stays    bool          // gets no shorter for now
}

// eases tells that it is getting shorter.
func (d delay) eases() bool { return d.from != d.to && !d.stays }

// at is the delay at a moment since zero.
func (d delay) at(now time.Duration) time.Duration {
	if !d.eases() {
		return d.from
	}
	gone := max(now-d.since, 0)
	return max(d.to, d.from-gone*(easeSpeed-1))
}

// wait is how long it takes until the timeline has gone on by so much: less while the delay gets shorter.
func (d delay) wait(on time.Duration) time.Duration {
	if !d.eases() {
		return on
	}
	return max(1, on/easeSpeed)
}

// ease makes the delay shorter from now on; a longer one is left as it is.
func (d *delay) ease(now, to time.Duration) {
	d.from, d.since = d.at(now), now
	d.to = min(to, d.from)
}

// stay stops the delay from getting shorter, or lets it go on.
func (d *delay) stay(now time.Duration, on bool) {
	if on != d.stays {
		d.from, d.since, d.stays = d.at(now), now, on
	}
}

// SetDelay says how long after its time anything is to be emitted, 0 at first. It counts at once: what a shorter one
// makes due is emitted without waiting for it, and for a longer one the programme stands still. After Stop it changes
// nothing.
func (p *Programme) SetDelay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopping {
		p.delay = delay{from: d, to: d}
		p.wakeUp()
	}
}

// EaseDelay makes the delay shorter by and by: the programme runs at twice its speed, except while a consumer is behind.
// A longer one is not taken on. After Stop the programme hurries to its end by itself.
func (p *Programme) EaseDelay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopping {
		p.delay.ease(time.Since(p.zero), d)
	}
}

// burdened is a consumer that can fall behind: what it is given faster than in real time, it may lose.
type burdened interface {
	// Behind tells that it is.
	Behind() bool
}

// spare hurries no more while a consumer is behind. It is called without the mutex, from the programme's goroutine.
func (p *Programme) spare(consumers []Consumer) {
	behind := false
	for _, c := range consumers {
		if b, ok := c.(burdened); ok && b.Behind() {
			behind = true
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay.stay(time.Since(p.zero), behind)
}

// Now is the moment on the timeline that is emitted now: what comes from a source for a moment before it is late. It is
// false before Start.
func (p *Programme) Now() (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now(), p.started
}

// now is called locked.
func (p *Programme) now() time.Duration {
	now := time.Since(p.zero)
	return now - p.delay.at(now)
}
