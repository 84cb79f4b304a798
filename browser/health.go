package browser

import (
	"fmt"
	"sync"
	"time"
)

// settleTime is how long causes are collected after the first death: Xvfb's
// takes Chromium with it at once, and the cause is to be named, not the effect.
const settleTime = 100 * time.Millisecond

// displayTime is how much longer Xvfb's death is waited for when the connection
// to it is lost: the kernel closes that first and tells of the death last.
const displayTime = 500 * time.Millisecond

// part is something whose death ends a recording, the most fundamental first.
type part int

const (
	partDisplay part = iota
	partSound
	partChromium
	partGrab
	partPage
)

var partNames = map[part]string{
	partDisplay:  "xvfb",
	partSound:    "pulseaudio",
	partChromium: "chromium",
	partGrab:     "screen grab",
	partPage:     "page",
}

// PartError says which part of the browser source has failed.
type PartError struct {
	Part string // "xvfb", "pulseaudio", "chromium", "screen grab" or "page"
	Err  error  // nil when it ended as if asked to
}

func (e *PartError) Error() string {
	if e.Err == nil {
		return e.Part + " ended unexpectedly"
	}
	return fmt.Sprintf("%s failed: %v", e.Part, e.Err)
}

func (e *PartError) Unwrap() error { return e.Err }

type death struct {
	part  part
	err   error
	since time.Time
}

// health collects deaths and decides on the one that is told.
type health struct {
	alarm  func() // called at the first death, before any cause is known
	deaths chan death
	stop   chan struct{}
	failed chan struct{}
	err    error     // written before failed is closed
	since  time.Time // likewise: of the first death
	wg     sync.WaitGroup
}

func newHealth(alarm func()) *health {
	h := &health{alarm: alarm, deaths: make(chan death), stop: make(chan struct{}), failed: make(chan struct{})}
	h.wg.Go(h.run)
	return h
}

func (h *health) run() {
	var worst death
	select {
	case worst = <-h.deaths:
	case <-h.stop:
		return
	}
	h.alarm()
	h.since = worst.since
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	lost := worst.part == partGrab
	for settled := false; !settled; {
		select {
		case d := <-h.deaths:
			lost = lost || d.part == partGrab
			if d.part < worst.part {
				worst = d
			}
		case <-timer.C:
			settled = !lost || worst.part == partDisplay
			lost = false
			timer.Reset(displayTime)
		case <-h.stop:
			return
		}
	}
	h.err = worst.err
	if _, ok := worst.err.(*PageError); !ok {
		h.err = &PartError{Part: partNames[worst.part], Err: worst.err}
	}
	close(h.failed)
}

// report tells of a death; after the first has settled the others are dropped.
func (h *health) report(p part, err error) { h.reportSince(p, err, time.Now()) }

// reportSince tells of one that has gone unnoticed for a while.
func (h *health) reportSince(p part, err error, since time.Time) {
	select {
	case h.deaths <- death{p, err, since}:
	case <-h.failed:
	case <-h.stop:
	}
}

// watch reports when done is closed.
func (h *health) watch(p part, done <-chan struct{}, err func() error) {
	h.wg.Go(func() {
		select {
		case <-done:
			h.report(p, err())
		case <-h.stop:
		}
	})
}

// close ends the watching; deaths from now on are ours.
func (h *health) close() {
	close(h.stop)
	h.wg.Wait()
}

func (h *health) error() error {
	select {
	case <-h.failed:
		return h.err
	default:
		return nil
	}
}
