package browser

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// lines is a log that tests read.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func startPool(t *testing.T, o Options, await func(context.Context) error) *Pool {
	t.Helper()
	p := &Pool{Size: 1, Options: o, Await: await, Log: o.Log}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if left, _ := os.ReadDir(o.Dir); len(left) > 0 {
			t.Errorf("left in the pool's directory: %v", left)
		}
	})
	return p
}

// waiting waits until a browser other than the last one waits in the pool.
func waiting(t *testing.T, p *Pool, last *Browser) *Browser {
	t.Helper()
	deadline := time.After(limit)
	for {
		p.mu.Lock()
		var b *Browser
		if len(p.waiting) > 0 {
			b = p.waiting[0].browser
		}
		p.mu.Unlock()
		if b != nil && b != last {
			return b
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Fatal("no browser waits")
		}
	}
}

// TestPool takes a browser for a recording of its own rate and log, and finds
// it replaced by another.
func TestPool(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	p := startPool(t, o, nil)
	first := waiting(t, p, nil)

	other := o
	other.Width = 320
	if b := p.Take(t.Context(), other); b != nil {
		t.Error("a browser of another size was handed out")
	}
	var said lines
	heard := make(chan string, 100)
	wanted := o
	wanted.FPS, wanted.Log, wanted.Dir = 15, said.logger(), filepath.Join(t.TempDir(), "unused")
	wanted.Console = func(_, text string) { heard <- text }
	began := time.Now()
	b := p.Take(t.Context(), wanted)
	t.Logf("taken in %v", time.Since(began))
	if b != first {
		t.Fatalf("took %p, %p waited", b, first)
	}
	if err := b.Open(t.Context(), serve(t, barsPage), true); err != nil {
		t.Fatal(err)
	}
	await(t, "start", b.Started())
	t.Logf("started after %v", time.Since(began))
	if text := <-heard; !strings.Contains(text, "START_RECORDING") {
		t.Errorf("the console says %q", text)
	}
	f := programme.New(programme.Format{Width: o.Width, Height: o.Height, FPS: 15, Video: true, Audio: true}, programme.Options{Patience: Patience(15)})
	k := &taker{want: 30, enough: make(chan struct{}), ended: make(chan struct{})}
	f.Attach(k)
	zero, err := b.Capture(f)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "frames", k.enough)
	f.Stop(zero.Add(2 * time.Second))
	await(t, "end", k.ended)
	checkBars(t, k.pix, o.Width, o.Height)
	checkTone(t, k.pcm)
	if next := waiting(t, p, first); next.dirs.work == first.dirs.work {
		t.Error("two browsers have one directory")
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if text := said.String(); !strings.Contains(text, "msg=\"child ended\" child=xvfb") {
		t.Errorf("its log lacks the end of its children: %s", text)
	}
	if _, err := os.Stat(wanted.Dir); !os.IsNotExist(err) {
		t.Errorf("the directory that was not used: %v", err)
	}
}

// TestPoolForVideoOnly takes a browser that has sound for a recording without.
func TestPoolForVideoOnly(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	p := startPool(t, o, nil)
	waiting(t, p, nil)
	wanted := o
	wanted.Audio = false
	b := p.Take(t.Context(), wanted)
	if b == nil {
		t.Fatal("none was handed out")
	}
	defer func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if err := b.Open(t.Context(), serve(t, barsPage), true); err != nil {
		t.Fatal(err)
	}
	await(t, "start", b.Started())
	f := programme.New(programme.Format{Width: o.Width, Height: o.Height, FPS: o.FPS, Video: true}, programme.Options{Patience: Patience(o.FPS)})
	k := &taker{want: 10, enough: make(chan struct{}), ended: make(chan struct{})}
	f.Attach(k)
	if _, err := b.Capture(f); err != nil {
		t.Fatal(err)
	}
	await(t, "frames", k.enough)
	if lines := f.Stats().Lines; lines != 0 {
		t.Errorf("%d lines of sound", lines)
	}
	f.Stop(time.Now())
	await(t, "end", k.ended)
}

// TestPoolReplacesTheDead kills the browser that waits, in ways that are
// noticed at once and only when it is taken.
func TestPoolReplacesTheDead(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	p := startPool(t, o, nil)
	first := waiting(t, p, nil)
	if err := syscall.Kill(first.PIDs()["xvfb"], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "the notice", first.Failed())
	second := waiting(t, p, first)

	p.mu.Lock()
	pause := p.pause
	p.mu.Unlock()
	if pause != firstPause {
		t.Errorf("the next launch waits %v", pause)
	}
	if err := syscall.Kill(second.PIDs()["chromium"], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	b := p.Take(t.Context(), o) // none, or the next one
	if b == second {
		t.Error("a stopped browser was handed out")
	}
	if d := time.Since(began); d > adoptWait+joinWait+limit/10 {
		t.Errorf("a stopped browser holds up its taker for %v", d)
	}
	if b != nil {
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	waiting(t, p, second)
}

// TestPoolGivesUpSlowly: what cannot be launched is tried again, ever more rarely.
func TestPoolGivesUpSlowly(t *testing.T) {
	o := testOptions(t)
	o.Xvfb = "no-such-xvfb"
	tries := make(chan time.Time, 10)
	p := startPool(t, o, func(ctx context.Context) error {
		select {
		case tries <- time.Now():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	first, second := <-tries, <-tries
	if d := second.Sub(first); d < firstPause || d > firstPause+limit {
		t.Errorf("tried again after %v", d)
	}
	if b := p.Take(t.Context(), o); b != nil {
		t.Error("a browser was handed out")
	}
}

// TestPoolOfNobody closes a pool whose node is never idle.
func TestPoolOfNobody(t *testing.T) {
	p := startPool(t, testOptions(t), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	p.Close()
	if b := p.Take(t.Context(), p.Options); b != nil {
		t.Error("a closed pool hands out a browser")
	}
	var none *Pool
	if b := none.Take(t.Context(), p.Options); b != nil {
		t.Error("no pool hands out a browser")
	}
	none.Close()
	if err := (&Pool{Options: Options{Width: 1}}).Start(); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("a pool of impossible browsers: %v", err)
	}
}
