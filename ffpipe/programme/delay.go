package programme

import "time"

const (
	// easeSpeed is how fast the programme runs while its delay gets shorter: hardly more work for the encoder.
	easeSpeed = 1.1
	// hurrySpeed is the same after Stop, where somebody waits.
	hurrySpeed = 1.5
)

// delay is how long after its time on the timeline anything is emitted: how far a source may look back. It gets shorter
// by degrees, so that what is behind need not run faster than it can.
type delay struct {
	from, to time.Duration
	since    time.Duration // since zero: when it was from
	speed    float64       // of the programme while it gets shorter
}

// at is the delay at a moment since zero.
func (d delay) at(now time.Duration) time.Duration {
	if d.from == d.to {
		return d.to
	}
	gone := max(now-d.since, 0)
	return max(d.to, d.from-time.Duration(float64(gone)*(d.speed-1)))
}

// wait is how long it takes until the timeline has gone on by so much: less while the delay gets shorter.
func (d delay) wait(on time.Duration) time.Duration {
	if d.from == d.to {
		return on
	}
	return max(1, time.Duration(float64(on)/d.speed))
}

// ease makes the delay shorter from now on; a longer one is left as it is.
func (d *delay) ease(now, to time.Duration, speed float64) {
	from := d.at(now)
	*d = delay{from: from, to: min(to, from), since: now, speed: speed}
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

// EaseDelay makes the delay shorter by and by. A longer one is not taken on. After Stop the programme hurries to its end
// by itself.
func (p *Programme) EaseDelay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopping {
		p.delay.ease(time.Since(p.zero), d, easeSpeed)
	}
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
