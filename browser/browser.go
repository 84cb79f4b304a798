package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ffegress/ffegress/browser/gate"
)

// Browser is a Chromium that shows one page to a grab. Its methods may be
// called from any goroutine.
type Browser struct {
	o       Options
	dirs    *dirs
	epoch   time.Time // of all capture arithmetic
	life    context.Context
	end     context.CancelFunc
	health  *health
	relay   *relay // nil unless it waited in a pool
	display *display
	sound   *sound // nil without audio
	ear     *ear   // nil without audio
	chrome  *chrome
	gate    *gate.Gate // nil without
	page    *page
	started chan struct{}

	capturing atomic.Bool

	mu     sync.Mutex
	opened bool
	closed bool
	grab   *grab // nil without video, and before Open
	wg     sync.WaitGroup

	closeOnce sync.Once
	closeErr  error
}

// Launch starts the display and PulseAudio side by side, then Chromium on an
// empty page. What is not installed is told at once by a
// [*MissingProgramError]. ctx bounds the launch only.
func Launch(ctx context.Context, o Options) (*Browser, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := o.findPrograms(); err != nil {
		return nil, fmt.Errorf("launch browser: %w", err)
	}
	dirs, err := makeDirs(o.Dir)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	b := &Browser{
		o: o, dirs: dirs, epoch: time.Now(), life: life, end: end,
		started: make(chan struct{}),
	}
	b.health = newHealth(b.alarm)
	if err := b.launch(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("launch browser: %w", err), b.Close(ctx))
	}
	return b, nil
}

func (b *Browser) launch(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() (err error) {
		b.display, err = startDisplay(ctx, &b.o, b.dirs.work)
		return err
	})
	if b.o.Audio {
		g.Go(func() (err error) {
			b.sound, err = startSound(ctx, &b.o, b.dirs.work)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	b.health.watch(partDisplay, b.display.proc.Done(), b.display.proc.Err)
	if b.sound != nil {
		b.health.watch(partSound, b.sound.proc.Done(), b.sound.proc.Err)
	}
	var err error
	if b.sound != nil {
		// Before anybody plays: what is recorded sets the sink's pace.
		if b.ear, err = startEar(ctx, &b.o, b.sound, b.epoch); err != nil {
			return err
		}
	}
	if b.o.Gate {
		if b.gate, err = gate.Start(b.o.Log); err != nil {
			return err
		}
		b.limit(&b.o)
		b.o.proxy = b.gate.Addr()
	}
	if b.chrome, err = startChrome(ctx, b.life, b.alarm, &b.o, b.dirs.work, b.display, b.sound); err != nil {
		return err
	}
	b.health.watch(partChromium, b.chrome.proc.Done(), b.chrome.exit)
	if b.page, err = newPage(b.chrome, b.gate, b.o.Console); err != nil {
		return err
	}
	b.health.watch(partPage, b.page.failed, func() error { return b.page.failure })
	return b.page.fit(b.o.Width, b.o.Height)
}

// Open loads a page: up to three tries of 30 s, again only after a timeout or
// an error that passes (the rules of LiveKit Egress). What is the page's own
// trouble comes as a [*PageError], the death of a part as a [*PartError].
// Meanwhile it is learned when the screen changes. With awaitStart the page says when the
// recording starts, otherwise it starts when the page has loaded. A page that the browser waits on
// is not loaded again: it is given the URL's query.
func (b *Browser) Open(ctx context.Context, url string, awaitStart bool) error {
	if err := b.open(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(b.life, func() { cancel(errClosed) })
	defer stop()
	b.spawn(func() {
		select {
		case <-b.health.failed:
			cancel(b.health.err)
		case <-ctx.Done():
		}
	})
	var err error
	if !b.page.begin(ctx, url) {
		err = b.page.load(ctx, url, b.o.tries, b.o.tryTimeout)
	}
	var pageErr *PageError
	switch {
	case err == nil:
	case errors.As(err, &pageErr):
		return err
	default:
		return b.failure(ctx, err)
	}
	b.spawn(func() { b.awaitStart(awaitStart) })
	b.spawn(func() { b.beat(b.life) })
	if b.grab != nil {
		b.spawn(func() { b.guardDrawing(b.life, b.grab) })
	}
	return nil
}

// spawn runs a goroutine that Close waits for. After Close it does nothing.
func (b *Browser) spawn(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.wg.Go(f)
	}
}

// failure prefers the death of a part to what became of the call.
func (b *Browser) failure(ctx context.Context, err error) error {
	timer := time.NewTimer(2 * settleTime)
	defer timer.Stop()
	select {
	case <-b.health.failed:
		return b.health.err
	case <-timer.C:
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
			return cause
		}
	}
	return err
}

// open starts what captures.
func (b *Browser) open() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return errClosed
	case b.opened:
		return errOpenTwice
	}
	b.opened = true
	if b.o.Video {
		g, err := startGrab(&b.o, b.display, b.epoch)
		if err != nil {
			return err
		}
		b.grab = g
		b.health.watch(partGrab, b.grab.screen.Done(), b.grab.screen.Err)
	}
	return nil
}

// alarm ends the reading of the screen for good: something has died, and what
// is seen from now on (a crash page, a display without a window) is nothing to
// record. Pictures that were kept back go, too.
func (b *Browser) alarm() {
	b.mu.Lock()
	grab := b.grab
	b.mu.Unlock()
	if grab != nil {
		grab.giveUp()
	}
}

func (b *Browser) awaitStart(ask bool) {
	if ask {
		select {
		case <-b.page.started:
		case <-b.life.Done():
			return
		}
	}
	close(b.started)
}

// Started closes when the page has said START_RECORDING, or has loaded when
// that is not awaited.
func (b *Browser) Started() <-chan struct{} { return b.started }

// Ended closes when the page has said END_RECORDING.
func (b *Browser) Ended() <-chan struct{} { return b.page.ended }

// Failed closes when the page, Chromium, Xvfb, PulseAudio or the grab has died
// or stands still, or the page shows an error instead of starting; see Err.
func (b *Browser) Failed() <-chan struct{} { return b.health.failed }

// Err is nil before Failed, then a [*PartError], or a [*PageError] for an error
// that the page shows.
func (b *Browser) Err() error { return b.health.error() }

// FailedSince is, after Failed, when what was seen and heard ceased to be good.
func (b *Browser) FailedSince() time.Time {
	if b.Err() == nil {
		return time.Time{}
	}
	return b.health.since.Add(-keepBack)
}

// PIDs gives the process ids by role.
func (b *Browser) PIDs() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	pids := map[string]int{"xvfb": b.display.proc.PID(), "chromium": b.chrome.proc.PID()}
	if b.sound != nil {
		pids["pulseaudio"] = b.sound.proc.PID()
	}
	return pids
}

// Close ends everything and removes what it left: processes, display, sockets,
// files. The end of ctx only makes it less gentle. It may be called again.
func (b *Browser) Close(ctx context.Context) error {
	b.closeOnce.Do(func() { b.closeErr = b.close(ctx) })
	return b.closeErr
}

func (b *Browser) close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.end()
	b.health.close()
	if b.ear != nil {
		b.ear.stop()
	}
	if b.grab != nil {
		b.grab.stop()
	}
	if b.page != nil {
		b.page.close()
	}
	if b.chrome != nil {
		b.chrome.stop()
	}
	if b.gate != nil {
		b.gate.Close()
	}
	b.wg.Wait()
	var g errgroup.Group
	if b.display != nil {
		g.Go(func() error { b.display.stop(ctx, b.o.Log); return nil })
	}
	if b.sound != nil {
		g.Go(func() error { b.sound.stop(ctx, b.o.Log); return nil })
	}
	_ = g.Wait()
	return b.dirs.remove()
}
