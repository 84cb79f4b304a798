package browser

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSweep: what a dead process has left goes; what a living one has, what another program, or an ffegress that does not lock, has, and
// what is no directory stays.
func TestSweep(t *testing.T) {
	place := t.TempDir()
	make := func(prefix string) *shortDir {
		t.Helper()
		d, err := makeShortDir(prefix, 0, []string{place})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d.path, "socket"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return d
	}
	living, dead, check := make(shortPrefix), make(shortPrefix), make(shortPrefix+"check-")
	for _, d := range []*shortDir{dead, check} {
		if err := d.lock.Close(); err != nil { // as the end of its process does
			t.Fatal(err)
		}
	}
	want := []string{filepath.Base(living.path)}
	for _, other := range []string{"ffegress-media", "ffegress-12x", "chromium-123", "ffegress-check-", "my-ffegress-1", "ffegress-3"} {
		if err := os.Mkdir(filepath.Join(place, other), 0o700); err != nil {
			t.Fatal(err)
		}
		want = append(want, other)
	}
	if err := os.WriteFile(filepath.Join(place, "ffegress-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(place, "ffegress-2")); err != nil {
		t.Fatal(err)
	}
	want = append(want, "ffegress-1", "ffegress-2")
	slices.Sort(want)
	for range 2 {
		sweep(place, slog.New(slog.DiscardHandler))
		entries, err := os.ReadDir(place)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if !slices.Equal(left, want) {
			t.Errorf("left: %v, want %v", left, want)
		}
	}
	if _, err := os.Stat(filepath.Join(living.path, "socket")); err != nil {
		t.Error(err)
	}
	if err := living.remove(); err != nil {
		t.Error(err)
	}
}

// TestLockOfARemovedDirectory: who comes too late has no lock on what is gone.
func TestLockOfARemovedDirectory(t *testing.T) {
	place := t.TempDir()
	d, err := makeShortDir(shortPrefix, 0, []string{place})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockShortDir(d.path, 0); err == nil {
		t.Error("two have it")
	}
	if err := d.remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := lockShortDir(d.path, 0); !os.IsNotExist(err) {
		t.Errorf("it is gone: %v", err)
	}
}

// TestNoShortPlace: a place that is too deep is passed over and left as it was.
func TestNoShortPlace(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", longestDir))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := makeShortDir(shortPrefix, longestDir, []string{deep, filepath.Join(deep, "missing")}); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(deep); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
}
