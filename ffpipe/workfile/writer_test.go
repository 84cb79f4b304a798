package workfile

import (
	"bytes"
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.mp4")
	w, err := Create(OS(), nil, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"one ", "", "two"} {
		if err := w.Append([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	if w.Size() != 7 {
		t.Errorf("size %d", w.Size())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := w.Append([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "one two" {
		t.Errorf("file %q, %v", got, err)
	}
	if _, err := Create(OS(), nil, path); !errors.Is(err, iofs.ErrExist) {
		t.Errorf("Create over it: %v", err)
	}
	if _, err := Create(OS(), nil, filepath.Join(path, "x")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("Create below a file: %v", err)
	}
}

func TestOSTruncateThenAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	f, err := OS().Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, step := range []func() error{
		func() error { _, err := f.Write([]byte("abcdef")); return err },
		func() error { return f.Truncate(2) },
		func() error { _, err := f.Write([]byte("XY")); return err },
		f.Sync,
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, 4)
	size, err := f.Size()
	if _, rerr := f.ReadAt(got, 0); err != nil || rerr != nil || size != 4 || string(got) != "abXY" {
		t.Errorf("%q of %d, %v %v", got, size, err, rerr)
	}
}

func TestAppendOnAFullDisk(t *testing.T) {
	d := newDisk(0, 0)
	full, cutFails := false, false
	d.fail = func(op, _ string) (int, error) {
		if full && op == "write" {
			return 3, syscall.ENOSPC
		}
		if cutFails && op == "truncate" {
			return 0, syscall.EIO
		}
		return 0, nil
	}
	w, err := Create(d, nil, workPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]byte("whole.")); err != nil {
		t.Fatal(err)
	}
	full = true
	if err := w.Append([]byte("not whole")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("err = %v", err)
	}
	if got := d.names[workPath].data; string(got) != "whole." || w.Size() != 6 {
		t.Errorf("file %q, size %d: a torn end was left", got, w.Size())
	}
	full = false // somebody made room
	if err := w.Append([]byte("more.")); err != nil {
		t.Errorf("err = %v", err)
	}
	full, cutFails = true, true
	if err := w.Append([]byte("torn")); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, syscall.EIO) {
		t.Errorf("err = %v", err)
	}
	full, cutFails = false, false
	// Nothing may follow a torn end.
	if err := w.Append([]byte("x")); !errors.Is(err, syscall.EIO) {
		t.Errorf("err = %v", err)
	}
	if err := w.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close: %v", err)
	}
}

func TestFailedSyncIsFinal(t *testing.T) {
	d := newDisk(0, 0)
	d.fail = func(op, _ string) (int, error) {
		if op == "sync" {
			return 0, syscall.EIO
		}
		return 0, nil
	}
	s := &Syncer{}
	w, err := Create(d, s, workPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]byte("x")); err != nil {
		t.Fatal(err)
	}
	s.syncAll()
	d.fail = nil // the next fdatasync would succeed, and mean nothing
	if err := w.Append([]byte("y")); !errors.Is(err, syscall.EIO) {
		t.Errorf("Append: %v", err)
	}
	if err := w.Close(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Close: %v", err)
	}
}

func TestCreateFails(t *testing.T) {
	d := newDisk(0, 0)
	d.fail = func(op, _ string) (int, error) {
		if op == "syncdir" {
			return 0, syscall.EIO
		}
		return 0, nil
	}
	if _, err := Create(d, &Syncer{}, workPath); !errors.Is(err, syscall.EIO) {
		t.Errorf("err = %v", err)
	}
	if len(d.names) != 0 {
		t.Error("a file was left")
	}
}

// What was appended is durable one interval later, in all files, and the
// goroutine is there only while files are.
func TestSyncer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(0, 0)
		s := &Syncer{}
		for range 2 { // the second time after the goroutine has ended
			a, err := Create(d, s, "/d/a")
			if err != nil {
				t.Fatal(err)
			}
			b, err := Create(d, s, "/d/b")
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range []*Writer{a, b} {
				if err := w.Append([]byte("data")); err != nil {
					t.Fatal(err)
				}
			}
			<-time.After(DefaultInterval - time.Nanosecond)
			synctest.Wait()
			if len(d.kept("/d/a")) != 0 {
				t.Error("synced before its time")
			}
			<-time.After(time.Nanosecond)
			synctest.Wait()
			for _, name := range []string{"/d/a", "/d/b"} {
				if !bytes.Equal(d.kept(name), []byte("data")) {
					t.Errorf("%s is not durable", name)
				}
			}
			steps := d.count()
			<-time.After(10 * DefaultInterval)
			synctest.Wait()
			if d.count() != steps {
				t.Error("clean files were synced")
			}
			for _, w := range []*Writer{a, b} {
				if err := w.Append([]byte("+")); err != nil {
					t.Error(err)
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			}
			for _, name := range []string{"/d/a", "/d/b"} {
				if !bytes.Equal(d.kept(name), []byte("data+")) {
					t.Errorf("%s: Close did not sync", name)
				}
				if err := d.Remove(name); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// slowDisk holds a sync until it is told to go on.
type slowDisk struct {
	FS
	entered, release chan struct{}
}

type slowFile struct {
	File
	d *slowDisk
}

func (d *slowDisk) Create(name string) (File, error) {
	f, err := d.FS.Create(name)
	return &slowFile{f, d}, err
}

func (f *slowFile) Sync() error {
	f.d.entered <- struct{}{}
	<-f.d.release
	return f.File.Sync()
}

// A disk that takes its time must not hold up the recording.
func TestAppendDoesNotWaitForSync(t *testing.T) {
	mem := newDisk(0, 0)
	d := &slowDisk{mem, make(chan struct{}), make(chan struct{})}
	s := &Syncer{Interval: time.Millisecond}
	w, err := Create(d, s, workPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]byte("a")); err != nil {
		t.Fatal(err)
	}
	<-d.entered // the Syncer is inside
	for range 100 {
		if err := w.Append([]byte("b")); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	d.release <- struct{}{}
	for range 2 { // by the Syncer's next tick or by Close, and nothing after it
		select {
		case <-d.entered:
			d.release <- struct{}{}
		case <-waited(&wg):
		}
	}
	wg.Wait()
	if got := len(mem.names[workPath].synced); got != 101 {
		t.Errorf("%d bytes are durable after Close", got)
	}
}

func waited(wg *sync.WaitGroup) <-chan struct{} {
	c := make(chan struct{})
	go func() { wg.Wait(); close(c) }()
	return c
}
