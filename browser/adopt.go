package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"
)

// adoptWait bounds the question whether a browser that waited still answers.
const adoptWait = 500 * time.Millisecond

// launchWaiting launches a browser for nobody yet. What it logs goes to o.Log
// until it is adopted.
func launchWaiting(ctx context.Context, o Options) (*Browser, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	relay := newRelay(o.Log)
	o.Log = slog.New(relay)
	b, err := Launch(ctx, o)
	if err != nil {
		return nil, err
	}
	b.relay = relay
	b.rehearse(ctx)
	return b, nil
}

// serves tells whether a browser launched with o records as one launched with
// wanted would. What only says how it is captured and who listens is left to
// adopt: a page that plays sound nobody hears looks the same.
func (o *Options) serves(wanted *Options) bool {
	return o.Width == wanted.Width && o.Height == wanted.Height && o.Depth == wanted.Depth &&
		(o.Audio || !wanted.Audio) && (o.Gate || !wanted.Gate) &&
		o.Sandbox == wanted.Sandbox && o.Insecure == wanted.Insecure && reflect.DeepEqual(o.Flags, wanted.Flags) &&
		o.Chromium == wanted.Chromium && o.Xvfb == wanted.Xvfb && o.PulseAudio == wanted.PulseAudio
}

// adopt makes a browser that waited the one that was asked for, once it has
// shown that it is alive. Its directory stays its own.
func (b *Browser) adopt(ctx context.Context, o *Options) error {
	if err := b.answers(ctx); err != nil {
		return fmt.Errorf("a browser that waited does not answer: %w", err)
	}
	b.o.Video, b.o.Audio, b.o.FPS = o.Video, o.Audio, o.FPS
	b.o.AudioDelay, b.o.Console, b.o.Held = o.AudioDelay, o.Console, o.Held
	b.o.tries, b.o.tryTimeout = o.tries, o.tryTimeout
	b.relay.turn(o.Log)
	b.limit(o)
	b.page.listen(o.Console)
	if b.ear != nil && !o.Audio {
		b.ear.stop()
		b.ear = nil
	}
	if b.ear != nil {
		b.ear.setDelay(o.AudioDelay)
	}
	return nil
}

// answers asks Chromium and the page that it waits on.
func (b *Browser) answers(ctx context.Context) error {
	if err := b.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, adoptWait)
	defer cancel()
	at, err := b.page.evaluate(ctx, "location.href")
	if err == nil && at != b.chrome.first && b.chrome.first != "" {
		err = errors.New("it is on another page")
	}
	return err
}
