package outputs

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/matroska"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// g711 is a work file of seconds of µ-law, in parts.
func g711(seconds int) (parts [][]byte) {
	format := []byte{7, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x40, 0x1f, 0, 0, 1, 0, 8, 0, 0, 0}
	parts = append(parts, matroska.Head(matroska.Track{Codec: "A_MS/ACM", Private: format, Rate: 8000, Channels: 1}))
	for n := range seconds * 10 {
		parts = append(parts, matroska.AppendCluster(nil, matroska.Block{
			Track: 1, At: time.Duration(n) * 100 * time.Millisecond, Key: true, Data: bytes.Repeat([]byte{byte(n%50 + 1)}, 800),
		}))
	}
	return parts
}

func passthrough(t *testing.T, disk workfile.FS) *Passthrough {
	dir := t.TempDir()
	p := &Passthrough{
		FFmpeg: "ffmpeg", FS: disk, Work: filepath.Join(dir, "work.mkv"), From: ffpipe.Matroska,
		Target: filepath.Join(dir, "a", "out.ogg"), To: ffpipe.Ogg, Bitrate: 64,
		Length: func() time.Duration { return 2 * time.Second },
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPassthrough(t *testing.T) {
	p := passthrough(t, nil)
	for _, part := range g711(2) {
		p.Append(part)
	}
	got, err := p.Finish(context.Background())
	if err != nil || got.Path != p.Target || got.Duration != 2*time.Second || got.Note != "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if info, err := os.Stat(p.Target); err != nil || info.Size() != got.Size || got.Size == 0 {
		t.Errorf("%v, %v; told %d bytes", info, err, got.Size)
	}
	if _, err := os.Stat(p.Work); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("work file: %v", err)
	}
	p.Append([]byte("late")) // and nothing happens
}

func TestPassthroughThatCannotBeFinalised(t *testing.T) {
	p := passthrough(t, nil)
	p.FFmpeg = "/nonexistent"
	parts := g711(2)
	for _, part := range parts {
		p.Append(part)
	}
	got, err := p.Finish(context.Background())
	if err != nil || !strings.Contains(got.Note, "could not be finalised") {
		t.Fatalf("%+v, %v", got, err)
	}
	if raw, err := os.ReadFile(p.Target); err != nil || !bytes.Equal(raw, bytes.Join(parts, nil)) {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

func TestPassthroughOfNothing(t *testing.T) {
	p := passthrough(t, nil)
	if _, err := p.Finish(context.Background()); !errors.Is(err, ErrNothing) {
		t.Errorf("%v", err)
	}
	p = passthrough(t, nil)
	p.Append(g711(1)[0])
	p.Discard()
	if _, err := p.Finish(context.Background()); !errors.Is(err, ErrNothing) {
		t.Errorf("discarded: %v", err)
	}
	for _, path := range []string{p.Work, p.Target} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// tight is a disk with room for so many bytes.
type tight struct {
	workfile.FS
	room int
}

type tightFile struct {
	workfile.File
	disk *tight
}

func (d *tight) Create(name string) (workfile.File, error) {
	f, err := d.FS.Create(name)
	return tightFile{f, d}, err
}

func (f tightFile) Write(b []byte) (int, error) {
	if f.disk.room -= len(b); f.disk.room < 0 {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, syscall.ENOSPC
	}
	return f.File.Write(b)
}

func TestPassthroughOnAFullDisk(t *testing.T) {
	p := passthrough(t, &tight{workfile.OS(), 10000})
	for _, part := range g711(2) {
		p.Append(part)
	}
	select {
	case <-p.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("goes on")
	}
	got, err := p.Finish(context.Background())
	if !errors.Is(err, syscall.ENOSPC) || got.Path != p.Target || got.Size == 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPassthroughOverflow(t *testing.T) {
	p := passthrough(t, nil)
	p.mu.Lock() // as long as the disk stands still
	p.queue, p.waiting = append(p.queue, make([]byte, 100)), p.MaxQueue+1
	p.mu.Unlock()
	p.nudge()
	select {
	case <-p.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("goes on")
	}
	if _, err := p.Finish(context.Background()); !errors.Is(err, ErrOverflow) {
		t.Errorf("%v", err)
	}
}
