package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPoolWaitsForTheNode: a browser is launched for the pool at once on an empty node, and when the
// last egress ends at the latest.
func TestPoolWaitsForTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pool{sessions: newSessions()}
		if err := p.await(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.sessions.reserve("EG_1")
		began := time.Now()
		time.AfterFunc(launchCalm-2*launchLook, func() { p.sessions.remove("EG_1") })
		if err := p.await(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d != launchCalm-2*launchLook {
			t.Errorf("launched after %v, the egress ended after %v", d, launchCalm-2*launchLook)
		}
		p.sessions.reserve("EG_2")
		ctx, cancel := context.WithTimeout(t.Context(), launchCalm/2)
		defer cancel()
		if err := p.await(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beside an egress that has just begun: %v", err)
		}
	})
}

func TestPoolDir(t *testing.T) {
	work := t.TempDir()
	first, err := makePoolDir(work)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(work, "EG_1")
	dead := filepath.Join(work, poolPrefix+"dead", "1", "profile")
	for _, dir := range []string{other, dead} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	second, err := makePoolDir(work)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{first.path, second.path, other} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("somebody's directory is gone: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(work, poolPrefix+"dead")); !os.IsNotExist(err) {
		t.Errorf("what nobody holds is left: %v", err)
	}
	first.remove()
	second.remove()
	if left, _ := os.ReadDir(work); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

func TestIdle(t *testing.T) {
	before, err := parseIdle([]byte("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2"), 2)
	if err != nil {
		t.Fatal(err)
	}
	after, err := parseIdle([]byte("cpu  110 0 140 840 110 0 0 0 50 0\n"), 2)
	if err != nil {
		t.Fatal(err)
	}
	if cores := after.coresSince(before); cores != 1.5 {
		t.Errorf("%v cores are idle, 1.5 were", cores)
	}
	if cores := before.coresSince(before); cores != 0 {
		t.Errorf("%v cores in no time", cores)
	}
	for _, bad := range []string{"", "cpu 1 2", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h i"} {
		if _, err := parseIdle([]byte(bad), 2); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	if now, err := lookIdle(); err != nil || now.idle <= 0 {
		t.Errorf("this machine: %+v, %v", now, err)
	}
}

func FuzzIdle(f *testing.F) {
	f.Add("cpu  100 0 100 700 100 0 0 0 0 0\n")
	f.Add(strings.Repeat("cpu ", 10))
	f.Fuzz(func(_ *testing.T, stat string) { _, _ = parseIdle([]byte(stat), 2) })
}
