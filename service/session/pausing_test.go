package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

// lasts waits until so much media is recorded.
func (r *testRun) lasts(t *testing.T, media time.Duration) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		if p, ok := r.Progress(); ok && p.Elapsed >= media {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("never %v of media", media)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

// TestPauseCutsOut: what is paused is in no file and not in its duration; the segments tell of the jump; and the limit of
// the duration does not count it.
func TestPauseCutsOut(t *testing.T) {
	const media = 5 * time.Second
	dir := t.TempDir()
	r := startTest(t, t.Context(), func(p *plan.Plan, f *fakeSource) {
		withOutlets(dir, true)(p, f)
		p.MaxDuration = media
	})
	began := time.Now()
	r.lasts(t, 1500*time.Millisecond)
	if _, err := r.Resume(t.Context()); !errors.Is(err, errNotPaused) {
		t.Errorf("Resume of what runs: %v", err)
	}
	paused := time.Now()
	if _, err := r.Pause(t.Context(), programme.Cut); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Pause(t.Context(), programme.Slate); !errors.Is(err, errPaused) {
		t.Errorf("Pause of what is paused: %v", err)
	}
	if p, ok := r.Progress(); !ok || !p.Paused {
		t.Errorf("progress %+v, %v", p, ok)
	}
	pause := time.NewTimer(2 * time.Second)
	<-pause.C
	if _, err := r.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := time.Since(paused)
	final := r.wait(t)
	r.expect(t, final, true, stActive, stLimit)
	if took := time.Since(began); took < media+gone-100*time.Millisecond {
		t.Errorf("the limit was reached after %v, of which %v were cut out", took, gone)
	}
	file, segments := final.FileResults[0], final.SegmentResults[0]
	if d := time.Duration(file.Duration); d < 3*time.Second || d > media+200*time.Millisecond {
		t.Errorf("the file lasts %v", d)
	}
	if d := time.Duration(segments.Duration - file.Duration); d.Abs() > 40*time.Millisecond {
		t.Errorf("segments last %v longer", d)
	}
	if !strings.Contains(final.Details, "Paused once, 2.") || !strings.Contains(final.Details, "s left out") {
		t.Errorf("details %q", final.Details)
	}
	list, err := os.ReadFile(filepath.Join(dir, "s/list.m3u8"))
	if err != nil || strings.Count(string(list), "#EXT-X-DISCONTINUITY\n") != 1 {
		t.Errorf("%v: %s", err, list)
	}
}

// TestPauseRefused has what cannot be paused.
func TestPauseRefused(t *testing.T) {
	url, _ := server(t)
	r := streamed(t, true, url)
	var typed psrpc.Error
	if _, err := r.Pause(t.Context(), programme.Cut); !errors.As(err, &typed) || typed.Code() != psrpc.InvalidArgument {
		t.Errorf("cut of a stream: %v", err)
	}
	r.sees(t, "the stream starts", func(i *livekit.EgressInfo) bool { return i.StreamResults[0].StartedAt > 0 })
	if _, err := r.Pause(t.Context(), programme.Slate); err != nil {
		t.Errorf("slate on a stream: %v", err)
	}
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(t.Context()); !errors.Is(err, errNotActive) && !errors.Is(err, ErrOver) {
		t.Errorf("Resume after Stop: %v", err)
	}
	if final := r.wait(t); final.Status != stComplete || !strings.Contains(final.Details, "; Paused once") {
		t.Errorf("%v", final)
	}
	for _, p := range []*plan.Plan{{Passthrough: true}, {Streams: plan.Streams{Protocol: outputs.PCM}}} {
		if CheckPause(p, programme.Cut) == nil {
			t.Errorf("%+v can be cut", p)
		}
	}

	waits := make(chan struct{})
	starting := startTest(t, t.Context(), func(_ *plan.Plan, f *fakeSource) {
		f.open = func(ctx context.Context) error {
			close(waits)
			<-ctx.Done()
			return ctx.Err()
		}
	})
	<-waits
	if _, err := starting.Pause(t.Context(), programme.Slate); !errors.Is(err, errNotActive) {
		t.Errorf("Pause of what starts: %v", err)
	}
	if _, err := starting.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	starting.wait(t)
}

func TestPauseNote(t *testing.T) {
	for _, c := range []struct {
		st   programme.PauseStats
		want string
	}{
		{programme.PauseStats{}, ""},
		{programme.PauseStats{Times: 1}, "Paused once"},
		{programme.PauseStats{Times: 1, Slate: 1250 * time.Millisecond}, "Paused once, 1.2 s of slate"},
		{programme.PauseStats{Times: 3, Slate: time.Second, Cut: time.Minute}, "Paused 3 times, 1.0 s of slate and 60.0 s left out"},
	} {
		if got := pauseNote(c.st); got != c.want {
			t.Errorf("%+v: %q, want %q", c.st, got, c.want)
		}
	}
}
