package browser

import (
	"context"
	"time"

	"github.com/go-rod/rod/lib/proto"
	"golang.org/x/sys/unix"
)

const (
	// drawingTick is how often it is looked whether the process that draws
	// lives; it is less than keepBack, so that what its death leaves on the
	// screen is still here to be thrown away.
	drawingTick = 20 * time.Millisecond
	// redrawWait is how long its successor may take to draw the page.
	redrawWait = 500 * time.Millisecond
)

// guardDrawing watches Chromium's GPU process, which draws the window.
// Chromium starts another when it dies, and the page lives on, but meanwhile
// the window is empty: the picture is held.
func (b *Browser) guardDrawing(ctx context.Context, grab *grab) {
	var held time.Time
	for ctx.Err() == nil {
		guard, err := b.drawing(ctx)
		if err != nil {
			// It is not there yet, or Chromium itself is ending.
			sleep(ctx, 5*drawingTick)
			continue
		}
		if !held.IsZero() {
			sleep(ctx, redrawWait)
			grab.blind.Store(false)
			b.o.Log.Warn("chromium draws again", "held", time.Since(held))
			if b.o.Held != nil {
				b.o.Held(time.Since(held))
			}
		}
		for sleep(ctx, drawingTick) && !ended(guard) {
		}
		_ = unix.Close(guard)
		if held = time.Now(); ctx.Err() == nil {
			grab.blind.Store(true)
		}
	}
}

// drawing opens a descriptor of the process.
func (b *Browser) drawing(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	all, err := proto.SystemInfoGetProcessInfo{}.Call(b.chrome.rod.Context(ctx))
	if err != nil {
		return -1, err
	}
	for _, p := range all.ProcessInfo {
		if p.Type == "GPU" {
			return unix.PidfdOpen(p.ID, 0)
		}
	}
	return -1, unix.ESRCH
}

// ended tells whether the process of a descriptor has ended.
func ended(pidfd int) bool {
	poll := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0
}
