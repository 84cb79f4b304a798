package outputs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// fullDisk is the system's files until room bytes are written to Work.
type fullDisk struct {
	workfile.FS
	room int
}

type fullFile struct {
	workfile.File
	disk *fullDisk
}

func (d *fullDisk) Create(name string) (workfile.File, error) {
	f, err := d.FS.Create(name)
	return &fullFile{f, d}, err
}

func (f *fullFile) Write(p []byte) (int, error) {
	if len(p) <= f.disk.room {
		f.disk.room -= len(p)
		return f.File.Write(p)
	}
	n, err := f.File.Write(p[:f.disk.room])
	f.disk.room = 0
	return n, errors.Join(err, syscall.ENOSPC)
}

// sample feeds the hub with a second of real encoder output.
func sample(t *testing.T, h *Hub) {
	t.Helper()
	if err := h.Run(bytes.NewReader(testdata(t, "av44.mp4")), programme.Point{}); err != nil {
		t.Fatal(err)
	}
}

func newFile(t *testing.T) *File {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "work"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &File{Hub: avHub(), FFmpeg: "/usr/bin/ffmpeg", Work: filepath.Join(dir, "work", "w.mp4"), Target: filepath.Join(dir, "a", "b", "out.mp4")}
}

func startFile(t *testing.T, f *File) {
	t.Helper()
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// leftovers are the files in the folders of Work and Target.
func leftovers(t *testing.T, f *File) string {
	t.Helper()
	var names []string
	for _, path := range []string{f.Work, f.Target} {
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

func TestFile(t *testing.T) {
	f := newFile(t)
	startFile(t, f)
	sample(t, f.Hub)
	f.Hub.Close(nil)
	got, err := f.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(f.Target)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Result{Path: f.Target, Size: info.Size(), Duration: time.Second}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if l := leftovers(t, f); l != "out.mp4" {
		t.Errorf("files: %s", l)
	}
	m := measure(t, f.Target, ffpipe.EncoderOptions{Video: true, FPS: 30})
	if len(m.frames) != 30 {
		t.Errorf("%d frames", len(m.frames))
	}
	if head, err := os.ReadFile(f.Target); err != nil || bytes.Contains(head, []byte("moof")) || bytes.Index(head, []byte("moov")) > bytes.Index(head, []byte("mdat")) {
		t.Errorf("not an MP4 with its index in front: %v", err)
	}
	select {
	case <-f.Done():
		t.Error("Done without a failure")
	default:
	}
}

// TestFileCannotBeFinalised: the playable work file is delivered, and told.
func TestFileCannotBeFinalised(t *testing.T) {
	f := newFile(t)
	f.FFmpeg = "/bin/false"
	startFile(t, f)
	sample(t, f.Hub)
	f.Hub.Close(errors.New("the encoder's trouble is not the file's"))
	got, err := f.Finish(t.Context())
	if err != nil || got.Path != f.Target || !strings.Contains(got.Note, "could not be finalised") || got.Duration != time.Second {
		t.Errorf("%+v, %v", got, err)
	}
	if l := leftovers(t, f); l != "out.mp4" {
		t.Errorf("files: %s", l)
	}
	if m := measure(t, f.Target, ffpipe.EncoderOptions{Video: true, FPS: 30}); len(m.frames) != 30 {
		t.Errorf("%d frames", len(m.frames))
	}
}

func TestFileNothingRecorded(t *testing.T) {
	for name, feed := range map[string]func(h *Hub){
		"not a byte":   func(*Hub) {},
		"only an init": func(h *Hub) { run(t, h, programme.Point{}, fakeInit(fakeVideo, fakeAudio)) },
	} {
		f := newFile(t)
		startFile(t, f)
		feed(f.Hub)
		f.Hub.Close(nil)
		got, err := f.Finish(t.Context())
		if !errors.Is(err, ErrNothing) || got != (Result{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if l := leftovers(t, f); l != "" {
			t.Errorf("%s: files: %s", name, l)
		}
	}
}

// TestFileDiskFull: the file fails by itself, nobody else does, and what fitted
// is delivered with the error.
func TestFileDiskFull(t *testing.T) {
	f := newFile(t)
	f.FS = &fullDisk{workfile.OS(), 5000}
	startFile(t, f)
	other := f.Hub.Subscribe("another", Lossless{})
	sample(t, f.Hub)
	<-f.Done()
	if err := f.Err(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("failed with %v", err)
	}
	f.Hub.Close(nil)
	if n := len(drain(t, other, io.EOF)); n != 6 {
		t.Errorf("another subscriber got %d of 6 fragments", n)
	}
	got, err := f.Finish(t.Context())
	if !errors.Is(err, syscall.ENOSPC) || got.Path != f.Target || got.Duration <= 0 || got.Duration >= time.Second {
		t.Errorf("%+v, %v", got, err)
	}
	if m := measure(t, f.Target, ffpipe.EncoderOptions{Video: true, FPS: 30}); len(m.frames) == 0 || len(m.frames) == 30 {
		t.Errorf("%d frames", len(m.frames))
	}
	if l := leftovers(t, f); l != "out.mp4" {
		t.Errorf("files: %s", l)
	}
}

func TestFileDiscarded(t *testing.T) {
	f := newFile(t)
	startFile(t, f)
	sample(t, f.Hub)
	f.Discard()
	f.Hub.Close(nil)
	if got, err := f.Finish(t.Context()); !errors.Is(err, ErrNothing) || got.Path != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if l := leftovers(t, f); l != "" {
		t.Errorf("files: %s", l)
	}
}

func TestFileTooSlow(t *testing.T) {
	f := newFile(t)
	f.MaxQueue = 1
	gate := make(chan struct{})
	f.FS = &slowDisk{workfile.OS(), gate}
	startFile(t, f)
	sample(t, f.Hub) // the first fragment is let in, whatever its size
	close(gate)
	<-f.Done()
	f.Hub.Close(nil)
	got, err := f.Finish(t.Context())
	if !errors.Is(err, ErrOverflow) || got.Path != f.Target {
		t.Errorf("%+v, %v", got, err)
	}
}

// slowDisk does not create files before its gate opens.
type slowDisk struct {
	workfile.FS
	gate chan struct{}
}

func (d *slowDisk) Create(name string) (workfile.File, error) {
	<-d.gate
	return d.FS.Create(name)
}

// TestFileHurry: a Finish that may not wait delivers what there is.
func TestFileHurry(t *testing.T) {
	f := newFile(t)
	startFile(t, f)
	sample(t, f.Hub)
	waitFor(t, "the fragments", func() bool { return f.Written() == f.Hub.Stats().Bytes })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := f.Finish(ctx) // the hub was not closed
	if err != nil || got.Path != f.Target || got.Note == "" {
		t.Errorf("%+v, %v", got, err)
	}
	if l := leftovers(t, f); l != "out.mp4" {
		t.Errorf("files: %s", l)
	}
}

func TestFileFolders(t *testing.T) {
	f := newFile(t)
	blocked := folderAbove(f)
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Start(t.Context()); err == nil {
		t.Error("a file where the folder should be")
	}

	f = newFile(t)
	startFile(t, f)
	info, err := os.Stat(filepath.Dir(f.Target))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.RemoveAll(folderAbove(f)); err != nil { // taken away meanwhile
		t.Fatal(err)
	}
	sample(t, f.Hub)
	f.Hub.Close(nil)
	if got, err := f.Finish(t.Context()); err != nil || got.Note != "" {
		t.Errorf("%+v, %v", got, err)
	}

	f = newFile(t)
	if err := os.WriteFile(f.Work, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	startFile(t, f)
	sample(t, f.Hub)
	<-f.Done()
	f.Hub.Close(nil)
	if _, err := f.Finish(t.Context()); !errors.Is(err, os.ErrExist) {
		t.Errorf("existing work file: %v", err)
	}
	if b, err := os.ReadFile(f.Work); err != nil || string(b) != "somebody's" {
		t.Errorf("existing work file was touched: %q, %v", b, err)
	}
}

func folderAbove(f *File) string { return filepath.Dir(filepath.Dir(f.Target)) }

// TestSpan: a file that began late is as long as what is in it.
func TestSpan(t *testing.T) {
	var s span
	s.add(&Fragment{Init: true})
	if !s.empty() {
		t.Error("an init segment is no media")
	}
	s.add(&Fragment{VideoStart: 300, VideoEnd: 315, AudioStart: 480000, AudioEnd: 500000})
	s.add(&Fragment{VideoStart: 315, VideoEnd: 330, AudioStart: 500000, AudioEnd: 520000})
	s.add(&Fragment{AudioStart: 520000, AudioEnd: 528000})
	if d := s.duration(30); d != time.Second {
		t.Errorf("%s", d)
	}
	s = span{}
	s.add(&Fragment{AudioStart: 0, AudioEnd: 47000})
	s.add(&Fragment{AudioStart: 47000, AudioEnd: 72000})
	if d := s.duration(0); d != 1500*time.Millisecond {
		t.Errorf("%s", d)
	}
}
