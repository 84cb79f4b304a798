package session

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

const bucketSecret = "secretsecretsecret"

// shore is a store, and a process that owes it.
type shore struct {
	*objects.Server
	debts *Debts
	dir   string
	stop  func()
}

func newShore(t *testing.T, dir string) *shore {
	t.Helper()
	server, err := objects.Start(t.TempDir(), "recordings")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	s := &shore{Server: server, dir: dir}
	s.process(t)
	return s
}

// process begins another process' queue.
func (s *shore) process(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(s.dir, "work"), 0o700); err != nil {
		t.Fatal(err)
	}
	debts, err := NewDebts(filepath.Join(s.dir, "work"), "api secret", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	debts.Probe = true
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); debts.Queue.Run(ctx) }()
	s.debts, s.stop = debts, sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(s.stop)
}

func (s *shore) store() plan.Store {
	return plan.Store{Prefix: "pre", Target: uploads.Target{S3: &uploads.S3Target{
		AccessKey: "AKIDTEST", Secret: bucketSecret, Bucket: "recordings", Endpoint: s.URL(), Region: "us-east-1", Attempts: 1,
	}}}
}

// start runs an egress that uploads its file.
func (s *shore) start(t *testing.T) *testRun {
	t.Helper()
	return startPlan(t, t.Context(), s.dir, "", Options{Debts: s.debts}, func(p *plan.Plan, _ *fakeSource) {
		p.Stores.File = s.store()
		p.File = plan.File{Name: "a/räume.mp4", Path: filepath.Join(p.WorkDir, "recording.mp4"), Type: "video/mp4"}
		p.Info.FileResults[0].Filename = p.File.Name
	})
}

func (s *shore) home() string { return filepath.Join(s.dir, "work", "EG_test") }

// gone waits until nothing is left of the egress.
func (s *shore) gone(t *testing.T) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if _, err := os.Stat(s.home()); os.IsNotExist(err) {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("the egress' directory stays")
		}
	}
}

func (s *shore) expect(t *testing.T, final *livekit.EgressInfo) {
	t.Helper()
	const key = "pre/a/räume.mp4"
	o, err := s.Object("recordings", key)
	if err != nil {
		t.Fatal(err)
	}
	f := final.FileResults[0]
	if f.Size != o.Size || !strings.HasSuffix(f.Location, "/recordings/"+key) || f.Duration <= 0 || f.Filename != "a/räume.mp4" {
		t.Errorf("the file result is %v, the object has %d bytes", f, o.Size)
	}
	body, err := s.Read("recordings", "pre/a/EG_test.json")
	if err != nil {
		t.Fatalf("manifest: %v", err)
	}
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	if m.EgressID != "EG_test" || len(m.Files) != 1 || m.Files[0].Location != f.Location || m.Ours.Status != final.Status.String() {
		t.Errorf("manifest: %s", body)
	}
	if !strings.HasSuffix(final.ManifestLocation, "/pre/a/EG_test.json") {
		t.Errorf("the manifest is at %q", final.ManifestLocation)
	}
}

func TestUploads(t *testing.T) {
	s := newShore(t, t.TempDir())
	r := s.start(t)
	r.recorded(t)
	record, err := os.ReadFile(filepath.Join(s.home(), recordFile))
	if err != nil || strings.Contains(string(record), bucketSecret) {
		t.Errorf("the record is readable: %v", err)
	}
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	if want := []livekit.EgressStatus{stActive, stEnding, stComplete}; !slices.Equal(r.told, want) {
		t.Errorf("told %v, want %v", r.told, want)
	}
	s.expect(t, final)
	r.Release()
	s.gone(t)
}

// TestEvicted: another worker has the egress now. Its end is not told, nothing is uploaded and nothing stays.
func TestEvicted(t *testing.T) {
	s := newShore(t, t.TempDir())
	r := s.start(t)
	r.recorded(t)
	r.source.events <- Event{Kind: EventFailed, Err: rtpfeed.ErrEvicted}
	r.wait(t)
	if want := []livekit.EgressStatus{stActive}; !slices.Equal(r.told, want) || !r.Ceded() {
		t.Errorf("told %v, want %v; ceded %t", r.told, want, r.Ceded())
	}
	r.Release()
	s.gone(t)
	if _, err := s.Object("recordings", "pre/a/räume.mp4"); err == nil {
		t.Error("the file was uploaded")
	}
}

// TestUploadIsRefused: the probe ends the egress before anything is recorded.
func TestUploadIsRefused(t *testing.T) {
	s := newShore(t, t.TempDir())
	s.Fail(&objects.Fault{Status: 403, Code: "AccessDenied"})
	r := startPlan(t, t.Context(), s.dir, "", Options{Debts: s.debts}, func(p *plan.Plan, src *fakeSource) {
		p.Stores.File = s.store()
		p.File = plan.File{Name: "x.mp4", Path: filepath.Join(p.WorkDir, "recording.mp4")}
		src.open = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	})
	final := r.wait(t)
	if final.Status != stFailed || final.Error != "S3 upload failed: AccessDenied: AccessDenied, says the test" || final.ErrorCode != 400 {
		t.Errorf("%v %d %q", final.Status, final.ErrorCode, final.Error)
	}
	r.Release()
	s.gone(t)
}

// TestStoreIsAway: what is told while it is, and that the upload comes to its end.
func TestStoreIsAway(t *testing.T) {
	s := newShore(t, t.TempDir())
	r := s.start(t)
	r.recorded(t)
	s.Down()
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	info := r.pending(t)
	if info.Status != stEnding || !strings.Contains(info.Details, "End reason: StopEgress API; Upload pending: ") {
		t.Errorf("%v %q", info.Status, info.Details)
	}
	if again, err := r.Stop(t.Context(), ReasonSource); err != nil || again.Status != stEnding || again.Details != info.Details {
		t.Errorf("a second Stop: %v, %v", again, err)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	if final.Status != stComplete || strings.Contains(final.Details, "pending") {
		t.Errorf("%v %q", final.Status, final.Details)
	}
	s.expect(t, final)
	r.Release()
	s.gone(t)
}

// pending waits until the egress tells that its upload is awaited.
func (r *testRun) pending(t *testing.T) *livekit.EgressInfo {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		info, err := r.Info(t.Context())
		if err == nil && strings.Contains(info.Details, pendingPrefix) {
			return info
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("nothing is pending: %v, %v", info, err)
		}
	}
}

// TestUploadIsLate: after the deadline the egress is FAILED, the file is kept and still tried.
func TestUploadIsLate(t *testing.T) {
	s := newShore(t, t.TempDir())
	s.debts.Deadline = time.Second
	r := s.start(t)
	r.recorded(t)
	s.Down()
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	if final.Status != stFailed || !strings.HasPrefix(final.Error, "S3 upload failed: ") || final.ErrorCode != 400 || final.FileResults[0].Location != "" {
		t.Errorf("%v %d %q %v", final.Status, final.ErrorCode, final.Error, final.FileResults)
	}
	told := len(r.told)
	r.Release()
	list, err := uploads.List(filepath.Join(s.dir, "work"))
	if err != nil || len(list) != 2 { // and the manifest
		t.Errorf("%d debts, %v", len(list), err)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	s.gone(t)
	if o, err := s.Object("recordings", "pre/a/räume.mp4"); err != nil || o.Size == 0 {
		t.Errorf("%v, %v", o, err)
	}
	if len(r.told) != told {
		t.Errorf("told %v", r.told)
	}
}

// TestUploadIsLeft: the process ends while the store is away, and the next one ends the egress.
func TestUploadIsLeft(t *testing.T) {
	s := newShore(t, t.TempDir())
	leaving, leave := context.WithCancel(t.Context())
	s.debts.Leave = leaving
	r := s.start(t)
	r.recorded(t)
	s.Down()
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	r.pending(t)
	leave()
	if final := r.wait(t); final.Status != stEnding || !strings.Contains(final.Details, pendingPrefix) {
		t.Errorf("%v %q", final.Status, final.Details)
	}
	s.stop()
	r.home.Release() // as the process' end does
	s.process(t)
	rec, err := OpenRecovery(s.home(), "ffmpeg", s.debts, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRecovery(s.home(), "ffmpeg", s.debts, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("recovered twice")
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	final, told := recoverTest(rec)
	if final.Status != stComplete || told[len(told)-1] != stComplete || final.Error != "" || strings.Contains(final.Details, "pending") {
		t.Errorf("%v %q, told %v", final.Status, final.Error, told)
	}
	s.expect(t, final)
	rec.Release()
	s.gone(t)
}

func recoverTest(rec *Recovery) (final *livekit.EgressInfo, told []livekit.EgressStatus) {
	final = rec.Run(context.Background(), func(i *livekit.EgressInfo) { told = append(told, i.Status) })
	return final, told
}

// TestRecovery: what was on disk when a process died becomes a file, in its place, once.
func TestRecovery(t *testing.T) {
	for _, local := range []bool{false, true} {
		s := newShore(t, t.TempDir())
		var r *testRun
		if local {
			target := filepath.Join(s.dir, "out", "x.mp4")
			r = startPlan(t, t.Context(), s.dir, target, Options{Debts: s.debts}, nil)
		} else {
			r = s.start(t)
		}
		r.recorded(t)
		grown(t, filepath.Join(s.home(), "work.mp4"))
		// As it is at this moment, in another place.
		dead := filepath.Join(t.TempDir(), "EG_test")
		if err := os.MkdirAll(dead, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{recordFile, "work.mp4"} {
			body, err := os.ReadFile(filepath.Join(s.home(), name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dead, name), body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
			t.Fatal(err)
		}
		r.wait(t)
		r.Release()
		s.gone(t)

		rec, err := OpenRecovery(dead, "ffmpeg", s.debts, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		final, told := recoverTest(rec)
		if final.Status != stFailed || final.Error != textKilled || final.ErrorCode != 500 || len(told) != 1 {
			t.Errorf("%v %d %q, told %v", final.Status, final.ErrorCode, final.Error, told)
		}
		f := final.FileResults[0]
		if f.Duration <= 0 || f.Size <= 0 || f.Location == "" || f.EndedAt != f.StartedAt+f.Duration {
			t.Errorf("the file result is %v", f)
		}
		if !local {
			s.expect(t, final)
		} else if info, err := os.Stat(f.Location); err != nil || info.Size() != f.Size {
			t.Errorf("%v, %v", info, err)
		}
		rec.Release()
		if _, err := os.Stat(dead); err == nil {
			t.Error("the dead egress' directory stays")
		}
	}
}

// grown waits until a file has a few fragments.
func grown(t *testing.T, path string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if info, err := os.Stat(path); err == nil && info.Size() > 20_000 {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("the work file does not grow")
		}
	}
}

func TestNoRecovery(t *testing.T) {
	s := newShore(t, t.TempDir())
	if _, err := OpenRecovery(t.TempDir(), "ffmpeg", s.debts, slog.New(slog.DiscardHandler)); err != ErrNoRecord {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, recordFile), []byte("not sealed by us at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRecovery(dir, "ffmpeg", s.debts, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a damaged record was opened")
	}
	if h, err := uploads.LockHome(dir); err != nil {
		t.Errorf("the directory is still held: %v", err)
	} else {
		h.Release()
	}
}
