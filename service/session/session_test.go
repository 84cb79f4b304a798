package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"
	"go.uber.org/goleak"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/service/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSource is a source whose media is grey pictures; what it does otherwise is the test's choice.
type fakeSource struct {
	events chan Event
	open   func(context.Context) error
	begin  func() error
	began  chan struct{}

	mu     sync.Mutex
	quit   chan struct{}
	closed int
}

func newFakeSource() *fakeSource {
	return &fakeSource{events: make(chan Event, 4), began: make(chan struct{}), quit: make(chan struct{})}
}

func (f *fakeSource) Events() <-chan Event { return f.events }

func (f *fakeSource) Open(ctx context.Context) error {
	if f.open != nil {
		return f.open(ctx)
	}
	f.events <- Event{Kind: EventStarted}
	return nil
}

func (f *fakeSource) Begin(p *programme.Programme) (time.Time, error) {
	if f.begin != nil {
		return time.Time{}, f.begin()
	}
	zero := time.Now()
	p.Start(zero)
	go func() {
		tick := time.NewTicker(33 * time.Millisecond)
		defer tick.Stop()
		for slot := int64(0); ; slot++ {
			p.Video().Put(slot, p.Frames().Get())
			select {
			case <-tick.C:
			case <-f.quit:
				return
			}
		}
	}()
	close(f.began)
	return zero, nil
}

func (f *fakeSource) End() {}

func (f *fakeSource) Close(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	if f.closed == 1 {
		close(f.quit)
	}
	return nil
}

// run is a session under test.
type testRun struct {
	*Session
	source  *fakeSource
	target  string
	mu      sync.Mutex
	told    []livekit.EgressStatus
	details []string
	final   chan *livekit.EgressInfo
}

func startTest(t *testing.T, ctx context.Context, change func(*plan.Plan, *fakeSource)) *testRun {
	t.Helper()
	dir := t.TempDir()
	target := filepath.Join(dir, "out", "recording.mp4")
	return startPlan(t, ctx, dir, target, Options{}, change)
}

// startPlan has the options of the test's choosing.
func startPlan(t *testing.T, ctx context.Context, dir, target string, o Options, change func(*plan.Plan, *fakeSource)) *testRun {
	t.Helper()
	p := &plan.Plan{
		EgressID: "EG_test",
		Info:     &livekit.EgressInfo{EgressId: "EG_test", FileResults: []*livekit.FileInfo{{Filename: target}}},
		Format:   programme.Format{Width: 64, Height: 64, FPS: 30, Video: true, Audio: true},
		Encoder: ffpipe.EncoderOptions{
			Video: true, Audio: true, Width: 64, Height: 64, FPS: 30, VideoBitrate: 100, AudioBitrate: 64,
		},
		File:    plan.File{Name: target, Path: target},
		WorkDir: filepath.Join(dir, "work", "EG_test"),
	}
	r := &testRun{source: newFakeSource(), target: target, final: make(chan *livekit.EgressInfo, 1)}
	if change != nil {
		change(p, r.source)
	}
	o.Syncer = &workfile.Syncer{}
	o.OnUpdate = func(i *livekit.EgressInfo) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, i.Status)
		r.details = append(r.details, i.Details)
	}
	r.Session = New(p, o)
	r.Session.source = r.source
	go func() { r.final <- r.Run(ctx) }()
	t.Cleanup(func() {
		if o.Debts != nil {
			return
		}
		if _, err := os.Stat(p.WorkDir); !os.IsNotExist(err) {
			t.Errorf("the work dir is left: %v", err)
		}
		if r.source.closed != 1 {
			t.Errorf("the source was closed %d times", r.source.closed)
		}
	})
	return r
}

// wait returns the terminal info.
func (r *testRun) wait(t *testing.T) *livekit.EgressInfo {
	t.Helper()
	select {
	case info := <-r.final:
		return info
	case <-time.After(30 * time.Second):
		t.Fatal("the session does not end")
		return nil
	}
}

// recorded waits until so much is on disk that a file can be made of it.
func (r *testRun) recorded(t *testing.T) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		if p, ok := r.Progress(); ok && p.Bytes > 0 {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Fatal("nothing is recorded")
		}
	}
}

func (r *testRun) expect(t *testing.T, info *livekit.EgressInfo, file bool, statuses ...livekit.EgressStatus) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.told, statuses) {
		t.Errorf("told %v, want %v", r.told, statuses)
	}
	st, err := os.Stat(r.target)
	if !file {
		if err == nil {
			t.Error("a file was made")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	f := info.FileResults[0]
	if f.Size != st.Size() || f.Location != r.target || f.Duration <= 0 || f.EndedAt != f.StartedAt+f.Duration {
		t.Errorf("the file result is %v, the file has %d bytes", f, st.Size())
	}
}

const (
	stActive   = livekit.EgressStatus_EGRESS_ACTIVE
	stEnding   = livekit.EgressStatus_EGRESS_ENDING
	stComplete = livekit.EgressStatus_EGRESS_COMPLETE
	stFailed   = livekit.EgressStatus_EGRESS_FAILED
	stAborted  = livekit.EgressStatus_EGRESS_ABORTED
	stLimit    = livekit.EgressStatus_EGRESS_LIMIT_REACHED
)

func TestStopCompletes(t *testing.T) {
	r := startTest(t, t.Context(), nil)
	r.recorded(t)
	info, err := r.Stop(t.Context(), ReasonAPI)
	if err != nil || info.Status != stEnding {
		t.Errorf("Stop answers %v, %v; want ENDING", info.GetStatus(), err)
	}
	final := r.wait(t)
	r.expect(t, final, true, stActive, stEnding, stComplete)
	if final.Details != "End reason: StopEgress API" || final.Error != "" {
		t.Errorf("details %q, error %q", final.Details, final.Error)
	}
	if _, err := r.Stop(t.Context(), ReasonAPI); !errors.Is(err, ErrOver) {
		t.Errorf("Stop after the end: %v", err)
	}
}

func TestSourceEnds(t *testing.T) {
	r := startTest(t, t.Context(), nil)
	r.recorded(t)
	r.source.events <- Event{Kind: EventEnded}
	final := r.wait(t)
	r.expect(t, final, true, stActive, stEnding, stComplete)
	if final.Details != "End reason: Source closed" {
		t.Errorf("details %q", final.Details)
	}
}

func TestBrokenSourceStillDelivers(t *testing.T) {
	r := startTest(t, t.Context(), nil)
	r.recorded(t)
	r.source.events <- Event{Kind: EventFailed, Err: psrpc.NewErrorf(psrpc.Internal, "chromium ended unexpectedly")}
	final := r.wait(t)
	r.expect(t, final, true, stActive, stFailed)
	if final.Error != "chromium ended unexpectedly" || final.ErrorCode != 500 || final.Details != "End reason: Failure" {
		t.Errorf("error %q (%d), details %q", final.Error, final.ErrorCode, final.Details)
	}
}

func TestLimitReached(t *testing.T) {
	r := startTest(t, t.Context(), func(p *plan.Plan, _ *fakeSource) { p.MaxDuration = 2 * time.Second })
	final := r.wait(t)
	r.expect(t, final, true, stActive, stLimit)
	if final.Error != "Session limit reached" || final.ErrorCode != 413 || final.Details != "End reason: Session limit reached" {
		t.Errorf("error %q (%d), details %q", final.Error, final.ErrorCode, final.Details)
	}
}

func TestShutdownCompletes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := startTest(t, ctx, nil)
	r.recorded(t)
	cancel()
	final := r.wait(t)
	r.expect(t, final, true, stActive, stEnding, stComplete)
	if !strings.Contains(final.Details, "Service shutting down") {
		t.Errorf("details %q", final.Details)
	}
}

func TestStopWhileOpening(t *testing.T) {
	opening := make(chan struct{})
	r := startTest(t, t.Context(), func(_ *plan.Plan, f *fakeSource) {
		f.open = func(ctx context.Context) error {
			close(opening)
			<-ctx.Done()
			return ctx.Err()
		}
	})
	<-opening
	info, err := r.Stop(t.Context(), ReasonAPI)
	if err != nil || info.Status != stAborted {
		t.Errorf("Stop answers %v, %v; want ABORTED", info.GetStatus(), err)
	}
	final := r.wait(t)
	r.expect(t, final, false, stAborted)
	if final.Error != "Stop called before pipeline could start" || final.ErrorCode != 412 {
		t.Errorf("error %q (%d)", final.Error, final.ErrorCode)
	}
}

func TestStartSignalTimeout(t *testing.T) {
	r := startTest(t, t.Context(), func(p *plan.Plan, f *fakeSource) {
		p.Source.StartTimeout = 50 * time.Millisecond
		f.open = func(context.Context) error { return nil } // and no signal
	})
	final := r.wait(t)
	r.expect(t, final, false, stAborted)
	if final.Error != "Start signal not received" {
		t.Errorf("error %q", final.Error)
	}
}

func TestOpenFails(t *testing.T) {
	r := startTest(t, t.Context(), func(_ *plan.Plan, f *fakeSource) {
		f.open = func(context.Context) error {
			return psrpc.NewErrorf(psrpc.InvalidArgument, "page load error: 404 Not Found")
		}
	})
	final := r.wait(t)
	r.expect(t, final, false, stFailed)
	if final.Error != "page load error: 404 Not Found" || final.ErrorCode != 400 {
		t.Errorf("error %q (%d)", final.Error, final.ErrorCode)
	}
}

func TestMissingFFmpeg(t *testing.T) {
	r := startTest(t, t.Context(), func(p *plan.Plan, _ *fakeSource) { p.FFmpeg = "no-such-ffmpeg" })
	final := r.wait(t)
	r.expect(t, final, false, stFailed)
	if !strings.Contains(final.Error, "failed to launch ffmpeg") || !strings.Contains(final.Error, "no-such-ffmpeg") {
		t.Errorf("error %q", final.Error)
	}
}

func TestPanicsAreThisEgressAlone(t *testing.T) {
	r := startTest(t, t.Context(), func(_ *plan.Plan, f *fakeSource) {
		f.begin = func() error { panic("boom") }
	})
	final := r.wait(t)
	r.expect(t, final, false, stFailed)
	if final.Error != "internal error: boom" || final.ErrorCode != 500 {
		t.Errorf("error %q (%d)", final.Error, final.ErrorCode)
	}
}

func TestEncoderDeathGoesOn(t *testing.T) {
	r := startTest(t, t.Context(), nil)
	r.recorded(t)
	p := (*r.meter.recorder.Load()).(*pipeline)
	proc, err := os.FindProcess(p.encoding.Stats().PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := proc.Kill(); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(30 * time.Second)
	for p.encoding.Stats().Restarts == 0 {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Fatal("no restart")
		}
	}
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	r.expect(t, final, true, stActive, stEnding, stComplete)
	if !strings.Contains(final.Details, "Encoder restarted 1 times") {
		t.Errorf("details %q do not tell the hole", final.Details)
	}
}

// TestFrozen: an encoder that does not end is killed, and what it had written is delivered.
func TestFrozen(t *testing.T) {
	dir := t.TempDir()
	r := startPlan(t, t.Context(), dir, filepath.Join(dir, "out", "recording.mp4"), Options{drain: 500 * time.Millisecond}, nil)
	r.recorded(t)
	pid := (*r.meter.recorder.Load()).(*pipeline).encoding.Stats().PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	if err := os.RemoveAll(r.plan.WorkDir); err != nil { // kept for another try
		t.Fatal(err)
	}
	r.expect(t, final, true, stActive, stEnding, stFailed)
	if final.Error != "pipeline frozen" || final.ErrorCode != 500 {
		t.Errorf("error %q (%d)", final.Error, final.ErrorCode)
	}
}

func TestLostAndRestored(t *testing.T) {
	for _, c := range []struct {
		name     string
		restored bool
		details  string
	}{
		{"restored", true, "Page restarted once (xvfb lost), picture held for 2.5 s"},
		{"stopped meanwhile", false, "Page lost (xvfb) and not restarted, picture held for "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := startTest(t, t.Context(), nil)
			r.recorded(t)
			at := time.Now()
			r.source.events <- Event{Kind: EventLost, Part: "xvfb", At: at}
			if c.restored {
				r.source.events <- Event{Kind: EventRestored, At: at.Add(2500 * time.Millisecond)}
			}
			r.source.events <- Event{Kind: EventEnded}
			final := r.wait(t)
			r.expect(t, final, true, stActive, stEnding, stComplete)
			if !strings.HasPrefix(final.Details, "End reason: Source closed; "+c.details) {
				t.Errorf("details %q", final.Details)
			}
		})
	}
}
