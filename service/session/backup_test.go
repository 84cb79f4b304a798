package session

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/service/plan"
)

// second is a shore's backup.
func (s *shore) second(t *testing.T) (*objects.Server, *plan.BackupStore) {
	t.Helper()
	server, err := objects.Start(t.TempDir(), "recordings")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	b := s.store()
	target := *b.S3
	target.Endpoint = server.URL()
	b.S3 = &target
	return server, &plan.BackupStore{Target: b.Target, Prefix: "backup"}
}

// startWithBackup runs an egress whose manifest is disabled.
func (s *shore) startWithBackup(t *testing.T, b *plan.BackupStore, also func(*plan.Plan, *fakeSource)) *testRun {
	t.Helper()
	return startPlan(t, t.Context(), s.dir, "", Options{Debts: s.debts}, func(p *plan.Plan, src *fakeSource) {
		p.Stores.File = s.store()
		p.Stores.File.Backup = b
		p.File = plan.File{Name: "a/x.mp4", Path: filepath.Join(p.WorkDir, "recording.mp4"), Type: "video/mp4", Bare: true}
		p.Info.FileResults[0].Filename = p.File.Name
		if also != nil {
			also(p, src)
		}
	})
}

// TestBackupIsUsed: the store dies while it is recorded; EgressInfo says where the file is, and a manifest is there
// although it was disabled.
func TestBackupIsUsed(t *testing.T) {
	s := newShore(t, t.TempDir())
	server, backup := s.second(t)
	r := s.startWithBackup(t, backup, nil)
	r.recorded(t)
	s.Down()
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	o, err := server.Object("recordings", "backup/a/x.mp4")
	if err != nil {
		t.Fatal(err)
	}
	f := final.FileResults[0]
	if final.Status != stComplete || !final.BackupStorageUsed || f.Size != o.Size || !strings.HasSuffix(f.Location, "/recordings/backup/a/x.mp4") ||
		strings.Contains(final.Details, "pending") {
		t.Errorf("%v", final)
	}
	if _, err := server.Object("recordings", "backup/a/EG_test.json"); err != nil || !strings.HasSuffix(final.ManifestLocation, "/backup/a/EG_test.json") {
		t.Errorf("manifest at %q: %v", final.ManifestLocation, err)
	}
	r.Release()
	s.gone(t)
}

// TestBackupIsNotNeeded: nothing of it is told or touched, and no manifest is written that was disabled.
func TestBackupIsNotNeeded(t *testing.T) {
	s := newShore(t, t.TempDir())
	server, backup := s.second(t)
	r := s.startWithBackup(t, backup, nil)
	r.recorded(t)
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	if final.Status != stComplete || final.BackupStorageUsed || final.ManifestLocation != "" {
		t.Errorf("%v", final)
	}
	if n := len(server.Requests()); n != 0 {
		t.Errorf("the backup was asked %d times", n)
	}
	r.Release()
	s.gone(t)
}

// TestBackupForRefusal: a store that refuses at the start ends nothing if its backup does not.
func TestBackupForRefusal(t *testing.T) {
	s := newShore(t, t.TempDir())
	server, backup := s.second(t)
	s.Fail(&objects.Fault{Status: 403, Code: "AccessDenied"})
	r := s.startWithBackup(t, backup, nil)
	r.recorded(t)
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	if final := r.wait(t); final.Status != stComplete || !final.BackupStorageUsed {
		t.Errorf("%v", final)
	}
	if _, err := server.Object("recordings", "backup/a/x.mp4"); err != nil {
		t.Error(err)
	}
	r.Release()
	s.gone(t)
}

// TestBothRefuse: both reasons are told at the start.
func TestBothRefuse(t *testing.T) {
	s := newShore(t, t.TempDir())
	server, backup := s.second(t)
	s.Fail(&objects.Fault{Status: 403, Code: "AccessDenied"})
	server.Fail(&objects.Fault{Status: 404, Code: "NoSuchBucket"})
	r := s.startWithBackup(t, backup, func(_ *plan.Plan, src *fakeSource) {
		src.open = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	})
	final := r.wait(t)
	const want = "primary: S3 upload failed: AccessDenied: AccessDenied, says the test\n" +
		"backup: S3 upload failed: NoSuchBucket: NoSuchBucket, says the test"
	if final.Status != stFailed || final.Error != want || final.ErrorCode != 400 {
		t.Errorf("%v %d %q", final.Status, final.ErrorCode, final.Error)
	}
	r.Release()
	s.gone(t)
}

// TestBothAreAway: both reasons are told while the upload is awaited, the file stays, and goes to the one that is back.
func TestBothAreAway(t *testing.T) {
	s := newShore(t, t.TempDir())
	server, backup := s.second(t)
	r := s.startWithBackup(t, backup, nil)
	r.recorded(t)
	s.Down()
	server.Down()
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	if info := r.pending(t); !strings.Contains(info.Details, "; backup: ") || info.BackupStorageUsed {
		t.Errorf("%q, used %v", info.Details, info.BackupStorageUsed)
	}
	if entries, err := os.ReadDir(filepath.Join(s.home(), "debts")); err != nil || len(entries) != 1 {
		t.Errorf("%d debts, %v", len(entries), err)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	if final.Status != stComplete || final.BackupStorageUsed {
		t.Errorf("%v", final)
	}
	if _, err := s.Object("recordings", "pre/a/x.mp4"); err != nil {
		t.Error(err)
	}
	r.Release()
	s.gone(t)
}
