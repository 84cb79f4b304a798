package uploads

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// pair is a queue with a store and its backup.
type pair struct {
	*bench
	backup *fakeStore
	hasty  []bool // of each store that was opened, in order
}

func newPair(t *testing.T, home string) *pair {
	t.Helper()
	p := &pair{backup: &fakeStore{}}
	p.bench = newBench(t, home, "secret", &fakeStore{})
	p.o.Open = func(_ context.Context, target Target, _ *slog.Logger) (Store, error) {
		p.hasty = append(p.hasty, target.Hasty)
		if target.GCS != nil {
			return p.backup, nil
		}
		return p.store, nil
	}
	return p
}

func (p *pair) oweWithBackup(t *testing.T, id string) *Ticket {
	t.Helper()
	path := filepath.Join(p.home, "made-"+id)
	if err := os.WriteFile(path, []byte(id), 0o600); err != nil {
		t.Fatal(err)
	}
	ticket, err := p.Add(p.home, Debt{
		ID: id, Egress: "EG_x", Name: id, Key: "a/" + id, Target: Target{S3: &S3Target{Secret: testSecret, Bucket: "b"}},
		Backup: &Backup{Target: Target{GCS: &GCSTarget{Credentials: "hush-backup", Bucket: "second"}}, Key: "b/" + id},
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func backupFails(Object) error {
	return &Error{Store: "GCP", Class: Refused, Reason: "closed for the test"}
}

// TestBackupTakesOver: the first failure of the store switches, for the rest of its egress.
func TestBackupTakesOver(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, home)
		p.store.does(failing)
		p.run()
		defer func() { p.stop() }()
		begun := time.Now()
		if _, err := p.oweWithBackup(t, "1").Wait(t.Context(), func(err error) { t.Errorf("trouble: %v", err) }); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 0 {
			t.Errorf("the backup was tried after %v", took)
		}
		p.store.does(nil)
		second := p.oweWithBackup(t, "2")
		if _, err := second.Wait(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if d := second.Debt(); !d.BackupUsed || !d.Switched {
			t.Errorf("used %v, switched %v", d.BackupUsed, d.Switched)
		}
		if want := []string{"b/1=1", "b/2=2"}; !slices.Equal(p.backup.puts, want) || len(p.store.puts) != 0 {
			t.Errorf("backup %q, store %q", p.backup.puts, p.store.puts)
		}
	})
}

// TestBackupIsNotUsed where the store takes the file, or where the file is what is wrong.
func TestBackupIsNotUsed(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, home)
		p.run()
		defer func() { p.stop() }()
		first := p.oweWithBackup(t, "1")
		if _, err := first.Wait(t.Context(), nil); err != nil || first.Debt().BackupUsed {
			t.Errorf("%v, used %v", err, first.Debt().BackupUsed)
		}
		p.store.does(func(Object) error { return lost("S3", os.ErrNotExist) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		if _, err := p.oweWithBackup(t, "2").Wait(ctx, nil); ClassOf(err) != Lost {
			t.Errorf("%v (%v)", err, ClassOf(err))
		}
		if len(p.backup.puts) != 0 {
			t.Errorf("backup %q", p.backup.puts)
		}
	})
}

// TestBothFail: both errors are told, the debt stays, another process goes on with it, and whoever takes it first has it.
func TestBothFail(t *testing.T) {
	home := t.TempDir()
	const want = "primary: S3 upload failed: down for the test\nbackup: GCP upload failed: closed for the test"
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, home)
		p.store.does(failing)
		p.backup.does(backupFails)
		p.run()
		ticket := p.oweWithBackup(t, "1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		told := 0
		_, err := ticket.Wait(ctx, func(err error) {
			told++
			if err.Error() != want {
				t.Errorf("told %q", err)
			}
		})
		if err == nil || err.Error() != want || told < 3 || ClassOf(err) != Transient {
			t.Errorf("%v (%v), told %d times", err, ClassOf(err), told)
		}
		if d := ticket.Debt(); d.Trouble() != "down for the test; backup: closed for the test" || !p.data("1") {
			t.Errorf("%q", d.Trouble())
		}
		// The store is given up early once; then both are given their time.
		if want := []bool{true, false, false}; !slices.Equal(p.hasty, want) {
			t.Errorf("hasty %v, want %v", p.hasty, want)
		}
		p.stop()

		list, err := List(filepath.Dir(home))
		if err != nil || len(list) != 1 || list[0].BackupProvider != "GCP" || list[0].Trouble() == "" {
			t.Errorf("%v, %v", list, err)
		}
		again := newPair(t, home)
		again.backup.does(backupFails)
		if owed, err := again.Load(home); owed != 1 || err != nil {
			t.Fatal(owed, err)
		}
		ticket = again.Ticket(home, "1")
		if d := ticket.Debt(); !d.Switched || d.failure() == nil || d.failure().Error() != want {
			t.Errorf("%+v", d.failure())
		}
		again.run()
		defer func() { again.stop() }()
		if _, err := ticket.Wait(t.Context(), nil); err != nil || ticket.Debt().BackupUsed {
			t.Errorf("%v, used %v", err, ticket.Debt().BackupUsed)
		}
		if !slices.Equal(again.store.puts, []string{"a/1=1"}) {
			t.Errorf("store %q", again.store.puts)
		}
	})
}

// TestBackupStates: each of the two stores gets its own state back.
func TestBackupStates(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, home)
		var got []string
		note := func(name string, fail bool) func(Object) error {
			return func(o Object) error {
				got = append(got, name+string(o.State))
				if fail {
					o.Save([]byte("-state-of-" + name))
					return &Error{Store: name, Reason: "cut"}
				}
				return nil
			}
		}
		p.store.does(note("store", true))
		p.backup.does(note("backup", true))
		p.run()
		defer func() { p.stop() }()
		ticket := p.oweWithBackup(t, "1")
		failed := false
		if _, err := ticket.Wait(t.Context(), func(error) {
			if !failed {
				failed = true
				p.store.does(note("store", false))
			}
		}); err != nil {
			t.Fatal(err)
		}
		want := []string{"store", "backup", "backup-state-of-backup", "store-state-of-store"}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestBothFailed(t *testing.T) {
	of := func(class Class) error { return &Error{Store: "S3", Class: class, Reason: class.String()} }
	for _, c := range []struct {
		primary, backup Class
		definite        bool
	}{
		{Refused, Refused, true}, {Refused, Missing, true}, {Missing, Transient, false}, {Transient, Refused, false}, {Refused, Full, false},
	} {
		if err := BothFailed(of(c.primary), of(c.backup)); Definite(err) != c.definite {
			t.Errorf("%v and %v: definite %v", c.primary, c.backup, Definite(err))
		}
	}
	alone := of(Refused)
	if err := BothFailed(alone, nil); !errors.Is(err, alone) || err.Error() != "S3 upload failed: refused" {
		t.Error(err)
	}
}
