package browser

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// limit is how long a test waits for something that should come at once; it is
// for machines that are busy.
const limit = 30 * time.Second

func testOptions(t *testing.T) Options {
	t.Helper()
	return Options{
		Width: 640, Height: 360, FPS: 30, Video: true, Audio: true,
		Dir: filepath.Join(t.TempDir(), "browser"),
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// launch starts a browser that the test closes at its end.
func launch(t *testing.T, o Options) *Browser {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	began := time.Now()
	b, err := Launch(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("launched in %v", time.Since(began))
	t.Cleanup(func() {
		pids := b.PIDs()
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		began := time.Now()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		t.Logf("closed in %v", time.Since(began))
		if _, err := os.Stat(o.Dir); !os.IsNotExist(err) {
			t.Errorf("directory is left: %v", err)
		}
		socket := filepath.Join(displaySockets, "X"+strconv.Itoa(b.display.number))
		if _, err := os.Stat(socket); err == nil {
			// Unless it is the next display's of that number.
			if conn, err := net.Dial("unix", socket); err != nil {
				t.Errorf("display is left: %v", err)
			} else {
				_ = conn.Close()
			}
		}
		for role, pid := range pids {
			if found := strays(pid, o.Dir); len(found) > 0 {
				t.Errorf("processes of %s are left: %v", role, found)
			}
		}
	})
	return b
}

func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.Fatalf("%s: nothing within %v", what, limit)
	}
}
