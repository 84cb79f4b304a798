package browser

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// renderers finds the page's processes.
func renderers(t *testing.T, b *Browser) []int {
	t.Helper()
	var found []int
	for _, pid := range strays(b.PIDs()["chromium"], b.o.Dir) {
		args, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err == nil && bytes.Contains(args, []byte("--type=renderer")) && !bytes.Contains(args, []byte("top-chrome")) {
			found = append(found, pid)
		}
	}
	if len(found) == 0 {
		t.Fatal("no renderer found")
	}
	return found
}

func TestDeath(t *testing.T) {
	one := func(role string) func(*testing.T, *Browser) []int {
		return func(_ *testing.T, b *Browser) []int { return []int{b.PIDs()[role]} }
	}
	cases := []struct {
		part    string
		victims func(*testing.T, *Browser) []int
	}{
		{"page", renderers},
		{"chromium", one("chromium")},
		{"xvfb", one("xvfb")},
		{"pulseaudio", one("pulseaudio")},
		{"screen grab", func(_ *testing.T, b *Browser) []int {
			b.grab.screen.Disconnect()
			return nil
		}},
	}
	for _, c := range cases {
		t.Run(c.part, func(t *testing.T) {
			t.Parallel()
			b := launch(t, testOptions(t))
			if err := b.Open(t.Context(), serve(t, barsPage), false); err != nil {
				t.Fatal(err)
			}
			await(t, "start", b.Started())
			if err := b.Err(); err != nil {
				t.Fatalf("before the death: %v", err)
			}
			began := time.Now()
			for _, pid := range c.victims(t, b) {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			await(t, "notice", b.Failed())
			t.Logf("noticed after %v: %v", time.Since(began), b.Err())
			var partErr *PartError
			if !errors.As(b.Err(), &partErr) || partErr.Part != c.part {
				t.Errorf("error is %v, want one of %s", b.Err(), c.part)
			}
		})
	}
}

// TestHang blocks the page's main loop and expects the silence to be heard.
func TestHang(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Video, o.Audio = false, false
	b := launch(t, o)
	if err := b.Open(t.Context(), serve(t, `<script>setTimeout(() => { for (;;); }, 100)</script>`), false); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	await(t, "notice", b.Failed())
	t.Logf("noticed after %v: %v", time.Since(began), b.Err())
	if !errors.Is(b.Err(), errHung) {
		t.Errorf("error is %v", b.Err())
	}
}

func TestSilence(t *testing.T) {
	type beat struct{ alive, fair bool }
	cases := map[string]struct {
		beats []beat
		dead  bool
	}{
		"alive":              {[]beat{{true, true}, {true, true}, {true, false}, {true, true}}, false},
		"dead":               {[]beat{{true, true}, {false, true}, {false, true}, {false, true}}, true},
		"not long enough":    {[]beat{{false, true}, {false, true}, {true, true}, {false, true}}, false},
		"everybody is late":  {[]beat{{false, false}, {false, false}, {false, false}, {false, true}}, false},
		"late in between":    {[]beat{{false, true}, {false, false}, {false, true}, {false, true}}, true},
		"answers while late": {[]beat{{false, true}, {false, true}, {true, false}, {false, true}}, false},
	}
	for name, c := range cases {
		s := silence{limit: 3}
		dead := false
		for _, b := range c.beats {
			dead = s.beat(b.alive, b.fair)
		}
		if dead != c.dead {
			t.Errorf("%s: dead is %v", name, dead)
		}
	}
}

// TestCause expects the cause to be named, whatever effect comes first.
func TestCause(t *testing.T) {
	alarmed := make(chan struct{})
	h := newHealth(func() { close(alarmed) })
	defer h.close()
	go h.report(partChromium, errors.New("lost its display"))
	go h.report(partPage, errCrashed)
	go h.report(partDisplay, nil)
	await(t, "alarm", alarmed)
	await(t, "failure", h.failed)
	if got := h.error().Error(); got != "xvfb ended unexpectedly" {
		t.Errorf("error is %q", got)
	}
	h.report(partSound, nil) // must not block
}
