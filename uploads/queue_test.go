package uploads

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeStore does what its test wants.
type fakeStore struct {
	mu   sync.Mutex
	put  func(o Object) error
	puts []string // contents
	at   []time.Time
}

func (s *fakeStore) Name() string { return "S3" }
func (s *fakeStore) Close()       {}

func (s *fakeStore) Put(ctx context.Context, o Object) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	put := s.put
	s.at = append(s.at, time.Now())
	s.mu.Unlock()
	if put != nil {
		if err := put(o); err != nil {
			return err
		}
	}
	content, err := os.ReadFile(o.File)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts = append(s.puts, o.Key+"="+string(content))
	return err
}

func (s *fakeStore) Probe(context.Context, string) error { return nil }
func (s *fakeStore) Locate(_ context.Context, key string) (string, error) {
	return "https://store/" + key + "?signature", nil
}

func (s *fakeStore) does(put func(o Object) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put = put
}

func failing(Object) error {
	return &Error{Store: "S3", Class: Transient, Reason: "down for the test"}
}

// bench is a queue that works, on a home with a file to upload.
type bench struct {
	*Queue
	t     *testing.T
	home  string
	store *fakeStore
	stop  func()
}

func newBench(t *testing.T, home, secret string, store *fakeStore) *bench {
	t.Helper()
	sealer, err := NewSealer(secret, home)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, home: home, store: store}
	b.Queue = NewQueue(Options{
		Sealer: sealer,
		Open:   func(context.Context, Target, *slog.Logger) (Store, error) { return store, nil },
	})
	return b
}

func (b *bench) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	b.stop = func() { cancel(); <-done }
}

// owe adds a debt of a file of that content.
func (b *bench) owe(id, key, content string) *Ticket {
	b.t.Helper()
	path := filepath.Join(b.home, "made-"+id)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
	ticket, err := b.Add(b.home, Debt{
		ID: id, Egress: "EG_x", Name: "x.mp4", Key: key, ContentType: "video/mp4",
		Target: Target{S3: &S3Target{AccessKey: testKey, Secret: testSecret, Bucket: "b"}},
	}, path)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		b.t.Error("the file is still where it was made")
	}
	return ticket
}

func (b *bench) data(id string) bool {
	_, err := os.Stat(filepath.Join(debtDir(b.home, id), dataFile))
	return err == nil
}

func TestQueuePays(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home, "secret", &fakeStore{})
		b.run()
		ticket := b.owe("0", "k/x.mp4", "content")
		location, err := ticket.Wait(t.Context(), func(err error) { t.Errorf("trouble: %v", err) })
		if err != nil || location != "https://store/k/x.mp4?signature" {
			t.Errorf("%q, %v", location, err)
		}
		if got := strings.Join(b.store.puts, " "); got != "k/x.mp4=content" {
			t.Errorf("uploaded: %s", got)
		}
		if b.data("0") {
			t.Error("the local copy is still there")
		}
		<-b.Idle()
		if n := b.Leave(home); n != 0 || b.Ticket(home, "0") != nil {
			t.Errorf("%d debts after all were paid", n)
		}
		if left, _ := os.ReadDir(filepath.Join(home, debtsFolder)); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
		b.stop()
	})
}

// TestQueueKeepsTrying: for hours, with growing pauses, and the local copy stays until it is paid.
func TestQueueKeepsTrying(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{put: failing}
		b := newBench(t, home, "secret", store)
		b.run()
		begun := time.Now()
		ticket := b.owe("0", "x.mp4", "content")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		troubles := 0
		_, err := ticket.Wait(ctx, func(err error) {
			troubles++
			if err.Error() != "S3 upload failed: down for the test" || !b.data("0") {
				t.Errorf("%v, local copy there: %v", err, b.data("0"))
			}
		})
		if err == nil || err.Error() != "S3 upload failed: down for the test" {
			t.Errorf("after the deadline: %v", err)
		}
		if troubles < 30 || troubles > 50 {
			t.Errorf("%d tries in half an hour", troubles)
		}
		for i, at := range store.at[:6] {
			if i > 0 && at.Sub(store.at[i-1]) > 35*time.Second {
				t.Errorf("try %d after %v", i, at.Sub(store.at[i-1]))
			}
		}
		if owed := b.Leave(home); owed != 1 {
			t.Errorf("%d owed", owed)
		}
		time.Sleep(5 * time.Hour)
		settled := make(chan string, 1)
		b.o.Settled = func(home string) { settled <- home }
		store.does(nil)
		if got := <-settled; got != home {
			t.Errorf("settled: %s", got)
		}
		if waited := time.Since(begun); waited > 5*time.Hour+45*time.Minute {
			t.Errorf("paid after %v", waited)
		}
		if b.data("0") || len(store.puts) != 1 {
			t.Errorf("local copy there: %v, uploaded: %v", b.data("0"), store.puts)
		}
		b.stop()
	})
}

// TestQueueSurvives: another process goes on, also with a half-done upload; nothing secret is in the file.
func TestQueueSurvives(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{put: func(o Object) error {
			o.Save([]byte("upload half done"))
			return failing(o)
		}}
		b := newBench(t, home, "secret", store)
		b.run()
		b.owe("0", "x.mp4", "content")
		synctest.Wait()
		b.stop()
		body, err := os.ReadFile(filepath.Join(debtDir(home, "0"), debtFile))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{testKey, testSecret, "half done"} {
			if strings.Contains(string(body), secret) {
				t.Errorf("%q is readable in %s", secret, body)
			}
		}
		if !strings.Contains(string(body), "down for the test") {
			t.Errorf("the reason is not told in %s", body)
		}

		wrong := newBench(t, home, "another secret", store)
		if owed, err := wrong.Load(home); !errors.Is(err, ErrSealed) || owed != 0 || !b.data("0") {
			t.Errorf("with another secret: %d, %v", owed, err)
		}

		next := newBench(t, home, "secret", store)
		if owed, err := next.Load(home); err != nil || owed != 1 {
			t.Fatalf("%d, %v", owed, err)
		}
		var state []byte
		store.does(func(o Object) error { state = o.State; return nil })
		next.run()
		ticket := next.Ticket(home, "0")
		if _, err := ticket.Wait(t.Context(), nil); err != nil || string(state) != "upload half done" {
			t.Errorf("%v, state %q", err, state)
		}
		if d := ticket.Debt(); d.Target.S3 == nil || d.Target.S3.Secret != testSecret || d.ContentType != "video/mp4" {
			t.Errorf("%+v", d.Target)
		}
		next.stop()

		// Paid and not yet told: the location is known to the next process too.
		last := newBench(t, home, "secret", store)
		if owed, err := last.Load(home); err != nil || owed != 0 {
			t.Fatalf("%d, %v", owed, err)
		}
		if location, err := last.Ticket(home, "0").Wait(t.Context(), nil); err != nil || location == "" {
			t.Errorf("%q, %v", location, err)
		}
		last.Leave(home)
	})
}

// TestQueueCrashes: between the steps of Add.
func TestQueueCrashes(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home, "secret", &fakeStore{})
		source := filepath.Join(home, "final.mp4")
		if err := os.WriteFile(source, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
		// The directory is there and nothing in it.
		if err := os.MkdirAll(debtDir(home, "0"), 0o700); err != nil {
			t.Fatal(err)
		}
		if owed, err := b.Load(home); owed != 0 || err != nil {
			t.Errorf("%d, %v", owed, err)
		}
		if _, err := os.Stat(source); err != nil {
			t.Error(err)
		}
		// What is owed is written, the file not moved.
		d := Debt{ID: "1", Egress: "EG_x", Key: "x.mp4", Source: source, Added: time.Now(), Target: Target{S3: &S3Target{Bucket: "b"}}}
		if err := os.MkdirAll(debtDir(home, "1"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := d.write(debtDir(home, "1"), b.o.Sealer); err != nil {
			t.Fatal(err)
		}
		if owed, err := b.Load(home); owed != 1 || err != nil {
			t.Fatalf("%d, %v", owed, err)
		}
		b.run()
		if _, err := b.Ticket(home, "1").Wait(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := strings.Join(b.store.puts, " "); got != "x.mp4=content" {
			t.Errorf("uploaded: %s", got)
		}
		b.stop()
	})
}

// TestQueueWithoutDisk: what cannot be written down is uploaded all the same.
func TestQueueWithoutDisk(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, debtsFolder), nil, 0o600); err != nil { // no directory can be made
		t.Fatal(err)
	}
	path := filepath.Join(home, "final.mp4")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{put: failing}
		b := newBench(t, home, "secret", store)
		b.run()
		ticket, err := b.Add(home, Debt{ID: "0", Key: "x.mp4", Target: Target{S3: &S3Target{Bucket: "b"}}}, path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ticket.Wait(t.Context(), func(error) { store.does(nil) })
		if err != nil || strings.Join(store.puts, " ") != "x.mp4=content" {
			t.Errorf("%v, uploaded: %v", err, store.puts)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("the local copy is still there")
		}
		b.stop()
	})
}

func TestQueueKeepsOrder(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		first := true
		store := &fakeStore{}
		store.put = func(o Object) error {
			if first {
				first = false
				return failing(o)
			}
			return nil
		}
		b := newBench(t, home, "secret", store)
		b.owe("0", "list.m3u8", "older")
		time.Sleep(time.Millisecond)
		newer := b.owe("1", "list.m3u8", "newer")
		b.run()
		if _, err := newer.Wait(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := strings.Join(store.puts, " "); got != "list.m3u8=older list.m3u8=newer" {
			t.Errorf("uploaded: %s", got)
		}
		b.stop()
	})
}

func TestQueueIsAsked(t *testing.T) {
	work := t.TempDir()
	home := filepath.Join(work, "EG_x")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{put: failing}
		b := newBench(t, home, "secret", store)
		b.run()
		ticket := b.owe("0", "x.mp4", "content")
		time.Sleep(3 * time.Hour)
		list, err := List(work)
		if err != nil || len(list) != 1 || list[0].Reason != "down for the test" || list[0].Home != home || list[0].Tries < 60 {
			t.Fatalf("%+v, %v", list, err)
		}
		store.does(nil)
		asked := time.Now()
		if err := list[0].AskRetry(); err != nil {
			t.Fatal(err)
		}
		if _, err := ticket.Wait(t.Context(), nil); err != nil || time.Since(asked) > 3*time.Second {
			t.Errorf("%v, %v after it was asked", err, time.Since(asked))
		}

		store.does(failing)
		ticket = b.owe("1", "x.mp4", "content")
		time.Sleep(time.Hour)
		if list, err = List(work); err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		if err := list[0].AskDrop(); err != nil {
			t.Fatal(err)
		}
		if _, err := ticket.Wait(t.Context(), nil); !errors.Is(err, ErrDropped) {
			t.Errorf("%v", err)
		}
		if list, err = List(work); err != nil || len(list) != 0 || b.Owed() != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		b.stop()
	})
}

func TestHome(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "EG_x")
	h, err := LockHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockHome(dir); !errors.Is(err, ErrHeld) {
		t.Errorf("locked twice: %v", err)
	}
	h.Release()
	if h, err = LockHome(dir); err != nil {
		t.Fatal(err)
	}
	if err := h.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the home is still there")
	}
	if h, err = LockHome(dir); err != nil {
		t.Fatal(err)
	}
	h.Release()
}

func TestSealer(t *testing.T) {
	dir := t.TempDir()
	for _, secret := range []string{"secret", ""} {
		a, err := NewSealer(secret, dir)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewSealer(secret, dir)
		if err != nil {
			t.Fatal(err)
		}
		sealed := a.Seal([]byte("plain"), "this")
		if got, err := b.Open(sealed, "this"); err != nil || string(got) != "plain" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := b.Open(sealed, "that"); !errors.Is(err, ErrSealed) {
			t.Errorf("opened as something else: %v", err)
		}
		sealed[len(sealed)-1]++
		if _, err := b.Open(sealed, "this"); !errors.Is(err, ErrSealed) {
			t.Errorf("opened damaged: %v", err)
		}
		if _, err := b.Open(nil, "this"); !errors.Is(err, ErrSealed) {
			t.Errorf("opened nothing: %v", err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// FuzzReadDebt: whatever lies there, it is an error and no panic.
func FuzzReadDebt(f *testing.F) {
	f.Add([]byte(`{"id":"0","sealed":"AAAA"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		dir := filepath.Join(t.TempDir(), "0")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, debtFile), body, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := NewSealer("x", dir)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := readDebt(dir, s); err == nil {
			t.Errorf("%+v was sealed by nobody", d)
		}
	})
}
