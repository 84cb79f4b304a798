package browser

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// whitePage is white all over, with nothing that a crash page has.
const whitePage = `<!doctype html><title>white</title><body style="margin:0;background:#fff">
<div id=n style="position:absolute;width:40px;height:40px;background:#00f"></div>
<script>
let n = 0;
(function tick() { document.getElementById("n").style.left = (n++ % 100) + "px"; requestAnimationFrame(tick); })();
</script>`

// watcher looks at a part of each picture where the page is white.
type watcher struct {
	mu     sync.Mutex
	frames int64
	other  []int64 // slots where it is not
	ended  chan struct{}
	seen   chan int64
}

func (k *watcher) VideoFrame(n int64, f *programme.Frame, _ bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.frames++
	for _, y := range []int{100, 180, 260, 350} {
		if f.Pix[y*640+320] < 230 {
			k.other = append(k.other, n)
			break
		}
	}
	select {
	case k.seen <- n:
	default:
	}
}

func (k *watcher) AudioBlock(int64, []int16) {}
func (k *watcher) End(int64, int64)          { close(k.ended) }

// gpuProcesses finds the process that draws.
func gpuProcesses(t *testing.T, b *Browser) []int {
	t.Helper()
	var found []int
	for _, pid := range strays(b.PIDs()["chromium"], b.o.Dir) {
		args, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err == nil && bytes.Contains(args, []byte("--type=gpu-process")) {
			found = append(found, pid)
		}
	}
	return found
}

// TestNothingOfADeathIsSeen kills page, Chromium and what draws in the middle
// of a capture and goes on with another browser where there is a failure: each
// picture is the page's.
func TestNothingOfADeathIsSeen(t *testing.T) {
	url := serve(t, whitePage)
	open := func(t *testing.T) *Browser {
		b := launch(t, testOptions(t))
		if err := b.Open(t.Context(), url, false); err != nil {
			t.Fatal(err)
		}
		await(t, "start", b.Started())
		return b
	}
	for _, c := range []struct {
		name    string
		victims func(*testing.T, *Browser) []int
		dies    bool
	}{
		{"page", renderers, true},
		{"chromium", func(_ *testing.T, b *Browser) []int { return []int{b.PIDs()["chromium"]} }, true},
		{"xvfb", func(_ *testing.T, b *Browser) []int { return []int{b.PIDs()["xvfb"]} }, true},
		{"gpu", gpuProcesses, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, next := open(t), open(t)
			o := b.o
			p := programme.New(programme.Format{Width: o.Width, Height: o.Height, FPS: o.FPS, Video: true, Audio: true},
				programme.Options{Patience: Patience(o.FPS)})
			k := &watcher{ended: make(chan struct{}), seen: make(chan int64)}
			p.Attach(k)
			zero, err := b.Capture(p)
			if err != nil {
				t.Fatal(err)
			}
			until(t, k, 30)
			for _, pid := range c.victims(t, b) {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			if c.dies {
				killed := time.Now()
				await(t, "notice", b.Failed())
				if d := b.FailedSince().Sub(killed); d > 2*time.Second {
					t.Errorf("good for %v after the death", d)
				}
				b.StopCapture()
				if at, err := next.Resume(p, zero); err != nil || at.Sub(killed) < 0 {
					t.Fatalf("resumed at %v, %v", at, err)
				}
			}
			until(t, k, p.Stats().Frames+60)
			stats := p.Stats()
			p.Stop(time.Now())
			await(t, "end", k.ended)
			t.Logf("%d frames, %d repeats, %d late, longest stand %v", k.frames, stats.Repeats, stats.Late, stats.MaxHold)
			if len(k.other) > 0 {
				t.Errorf("slots %v show something else than the page", k.other)
			}
			if stats.Late > 0 {
				t.Errorf("%d pictures came late", stats.Late)
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			if err := b.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// until waits for a slot.
func until(t *testing.T, k *watcher, slot int64) {
	t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case n := <-k.seen:
			if n >= slot {
				return
			}
		case <-deadline:
			t.Fatalf("slot %d does not come", slot)
		}
	}
}
