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
	if f := p.Format(); f.Width != b.o.Width || f.Height != b.o.Height || f.FPS != b.o.FPS {
		return zero, fmt.Errorf("capture: programme is %dx%d at %d, browser %dx%d at %d",
			f.Width, f.Height, f.FPS, b.o.Width, b.o.Height, b.o.FPS)
	}
	b.mu.Lock()
	grab, opened, closed := b.grab, b.opened, b.closed
	b.mu.Unlock()
	switch {
	case closed:
		return zero, errClosed
	case !opened:
		return zero, errNotOpen
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

// StopCapture ends the placing of frames and sound. A new capture begins
// at once.
func (b *Browser) StopCapture() {
	b.mu.Lock()
	grab := b.grab
	b.mu.Unlock()
	if grab != nil {
		grab.pause()
	}
	if b.ear != nil {
		b.ear.pause()
	}
}
