package browser

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ffegress/ffegress/browser/gate"
)

// How much later than it was heard sound is placed on the programme so that it
// meets the picture, which takes longer through Chromium's compositor and the X
// server than a sample takes through the null sink, while a call's sound waits
// in Chromium's own buffers. Measured on decoded recordings.
const (
	CallAudioDelay = -42 * time.Millisecond
	PageAudioDelay = 28 * time.Millisecond
)

// Options say what to launch.
type Options struct {
	Width, Height int // of the page, in pixels; both even
	Depth         int // of the screen, in bits: 16 or 24; 0 means 24
	FPS           int
	Video, Audio  bool // what Capture will be asked for

	Sandbox  bool           // run Chromium with its sandbox (needs a user other than root)
	Insecure bool           // let pages mix origins and insecure content
	Flags    map[string]any // Chromium flags, last word: true a bare flag, false removed, anything else its value

	// Gate has HTTP, HTTPS and WebSocket go through a proxy in this process, which
	// refuses what is not in Reach; nil = everything may be reached. It knows
	// nothing of a call's UDP.
	Gate  bool
	Reach *gate.Policy

	// Wait is the first page, which waits for the query that Open's URL has; see
	// [WaitURL]. Empty means an empty page, from which Open loads its own.
	Wait string

	Dir string // private directory, created 0700 and removed by Close

	Chromium, Xvfb, PulseAudio string // programs; empty means look them up

	// AudioDelay is added to the time of all sound; see [CallAudioDelay] and
	// [PageAudioDelay]. Negative moves sound earlier.
	AudioDelay time.Duration

	// Console gets what the page writes to its console, and its uncaught
	// exceptions (level "exception"). It must not block.
	Console func(level, text string)
	// Held gets how long the picture was held because Chromium could not draw.
	// It must not block.
	Held func(time.Duration)
	Log  *slog.Logger // nil discards

	proxy      string        // of the gate, host:port
	tries      int           // of a page load; 0 means 3
	tryTimeout time.Duration // of one try; 0 means 30 s
}

func (o *Options) complete() error {
	if o.Depth == 0 {
		o.Depth = 24
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.tries == 0 {
		o.tries = 3
	}
	if o.tryTimeout == 0 {
		o.tryTimeout = 30 * time.Second
	}
	switch {
	case o.Width < 16 || o.Height < 16 || o.Width%2 != 0 || o.Height%2 != 0:
		return fmt.Errorf("launch browser: size %dx%d: need even numbers from 16", o.Width, o.Height)
	case o.Depth != 16 && o.Depth != 24:
		// On a display of 8 bits it draws nothing that is like the page.
		return fmt.Errorf("launch browser: depth %d: Chromium draws in 16 and 24 only", o.Depth)
	case o.FPS < 1:
		return fmt.Errorf("launch browser: %d frames per second", o.FPS)
	case o.Dir == "":
		return errors.New("launch browser: no directory given")
	}
	return nil
}
