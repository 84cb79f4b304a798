package browser

import (
	"fmt"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// Capture starts the programme and places frames and sound on it. zero is when
// the first frame is read, less than a frame period from now at a quiet moment
// of the screen; without video it is now. A programme's format must be the
// options'.
func (b *Browser) Capture(p *programme.Programme) (zero time.Time, err error) {
	grab, err := b.capture(p)
	if err != nil {
		return zero, err
	}
	begin := func(at time.Duration) {
		zero = b.epoch.Add(at)
		if b.ear != nil {
			b.ear.begin(p.AddAudio(), at)
		}
		p.Start(zero)
	}
	now := time.Since(b.epoch)
	if grab != nil {
		grab.begin(p, now, begin)
	} else {
		begin(now)
	}
	return zero, nil
}

// Resume places frames and sound on a programme that another browser's Capture
// has started at zero. It returns when the first frame is read; what is not
// captured in between the programme fills as always.
func (b *Browser) Resume(p *programme.Programme, zero time.Time) (at time.Time, err error) {
	grab, err := b.capture(p)
	if err != nil {
		return at, err
	}
	begun, now := zero.Sub(b.epoch), time.Since(b.epoch)
	if b.ear != nil {
		b.ear.begin(p.AddAudio(), begun)
	}
	if grab != nil {
		now = grab.resume(p, begun, now)
	}
	return b.epoch.Add(now), nil
}

// capture checks that a programme can be captured for.
func (b *Browser) capture(p *programme.Programme) (*grab, error) {
	if f := p.Format(); f.Width != b.o.Width || f.Height != b.o.Height || f.FPS != b.o.FPS {
		return nil, fmt.Errorf("capture: programme is %dx%d at %d, browser %dx%d at %d",
			f.Width, f.Height, f.FPS, b.o.Width, b.o.Height, b.o.FPS)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return nil, errClosed
	case !b.opened:
		return nil, errNotOpen
	}
	b.capturing.Store(true)
	return b.grab, nil
}

// StopCapture ends the placing of frames and sound. A new capture begins
// at once.
func (b *Browser) StopCapture() {
	b.mu.Lock()
	grab := b.grab
	b.mu.Unlock()
	b.capturing.Store(false)
	if grab != nil {
		grab.pause()
	}
	if b.ear != nil {
		b.ear.pause()
	}
}
