package browser

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// joinWait bounds how long a taker waits for a browser that is being
	// launched: a second launch beside it would take both longer.
	joinWait = 2 * time.Second
	// Between launches after one has failed or a browser has died unused.
	firstPause = time.Second
	lastPause  = 5 * time.Minute
	// closeWait bounds the end of a browser that died or was never used.
	closeWait = 5 * time.Second
)

// Pool keeps launched browsers waiting on an empty page, so that a recording
// starts without launching one. A browser is handed out once and never comes
// back. One that dies waiting is closed and, after a pause that doubles from
// one to the next, replaced. Set the fields, call Start, and Close when done; a
// nil *Pool has no browsers.
type Pool struct {
	// Size is how many browsers are kept.
	Size int
	// Options are theirs; Dir is the directory that each has its own in.
	Options Options
	// Await returns when a browser may be launched, or with an error when ctx
	// ends. nil: always.
	Await func(ctx context.Context) error
	Log   *slog.Logger // nil discards

	cancel context.CancelFunc
	wake   chan struct{}  // there may be something to launch
	wg     sync.WaitGroup // the launching, the watching and the closing

	mu        sync.Mutex
	waiting   []*waiter
	launching chan struct{} // closed at the end of the launch under way; nil = none
	pause     time.Duration // before the next launch
	closed    bool
}

// waiter is a browser that waits.
type waiter struct {
	browser *Browser
	taken   chan struct{}
}

// Start begins to launch browsers.
func (p *Pool) Start() error {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	p.Options.Log = p.Log
	if err := p.Options.complete(); err != nil {
		return fmt.Errorf("browser pool: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.wake = make(chan struct{}, 1)
	p.wg.Go(func() { p.run(ctx) })
	return nil
}

// run launches what is missing, one after the other.
func (p *Pool) run(ctx context.Context) {
	for n := 1; ; n++ {
		missing, pause := p.missing()
		if !missing {
			select {
			case <-p.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if !sleep(ctx, pause) || p.Await != nil && p.Await(ctx) != nil {
			return
		}
		p.launch(ctx, n)
		if ctx.Err() != nil {
			return
		}
	}
}

func (p *Pool) missing() (bool, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting) < p.Size, p.pause
}

func (p *Pool) launch(ctx context.Context, n int) {
	done := make(chan struct{})
	p.mu.Lock()
	p.launching = done
	p.mu.Unlock()
	o := p.Options
	o.Dir = filepath.Join(o.Dir, strconv.Itoa(n))
	began := time.Now()
	b, err := launchWaiting(ctx, o)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.launching = nil
	close(done)
	switch {
	case err != nil && ctx.Err() != nil:
	case err != nil:
		p.later()
		p.Log.Warn("no browser for the pool", "error", err, "retryIn", p.pause)
	default:
		w := &waiter{browser: b, taken: make(chan struct{})}
		p.waiting = append(p.waiting, w)
		p.wg.Go(func() { p.watch(ctx, w) })
		p.Log.Info("a browser waits in the pool", "waiting", len(p.waiting), "took", time.Since(began))
	}
}

// later makes the next launch wait longer. Called locked.
func (p *Pool) later() { p.pause = min(max(2*p.pause, firstPause), lastPause) }

// watch waits until a browser is taken, and closes it when it dies or the pool
// is closed before.
func (p *Pool) watch(ctx context.Context, w *waiter) {
	select {
	case <-w.taken:
		return
	case <-w.browser.Failed():
	case <-ctx.Done():
	}
	if !p.remove(w) {
		return // it was taken at the same moment: its taker finds out
	}
	if ctx.Err() == nil {
		p.Log.Warn("a browser of the pool has died", "error", w.browser.Err())
	}
	p.discard(w.browser)
}

// remove takes a browser that is of no use out of the pool; false when somebody has it.
func (p *Pool) remove(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, w)
	if i < 0 {
		return false
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	p.later()
	p.wakeUp()
	return true
}

func (p *Pool) discard(b *Browser) {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		p.Log.Warn("a browser of the pool could not be closed", "error", err)
	}
}

func (p *Pool) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Take hands out a browser that is as if launched with o, or nil when none
// waits. It is the caller's to close; its directory is its own and not o.Dir.
// It asks the browser whether it is alive, and waits up to two seconds for one
// that is being launched.
func (p *Pool) Take(ctx context.Context, o Options) *Browser {
	if p == nil || o.complete() != nil || !p.Options.serves(&o) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	for {
		w, launching := p.pop()
		if w == nil && launching == nil {
			return nil
		}
		if w == nil {
			select {
			case <-launching:
				continue
			case <-ctx.Done():
				return nil
			}
		}
		err := w.browser.adopt(ctx, &o)
		if err == nil {
			return w.browser
		}
		p.Log.Warn("a browser of the pool is of no use", "error", err)
		p.reject(w.browser)
	}
}

// pop gives the browser that has waited longest, or else the end of the launch
// under way.
func (p *Pool) pop() (*waiter, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return nil, p.launching
	}
	w := p.waiting[0]
	p.waiting = p.waiting[1:]
	close(w.taken)
	p.pause = 0
	p.wakeUp()
	return w, nil
}

// reject closes a browser that was taken in vain.
func (p *Pool) reject(b *Browser) {
	p.mu.Lock()
	p.later()
	closed := p.closed
	if !closed {
		p.wg.Go(func() { p.discard(b) })
	}
	p.mu.Unlock()
	if closed {
		p.discard(b)
	}
}

// Close ends the launching and closes all browsers that wait. Those that were
// taken are not the pool's any more.
func (p *Pool) Close() {
	if p == nil || p.cancel == nil {
		return
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.wg.Wait()
}

// sleep waits; false when ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
