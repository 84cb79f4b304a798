package outputs

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLocalDeliver(t *testing.T) {
	dir := t.TempDir()
	made := filepath.Join(dir, "work", "w.ts")
	if err := os.Mkdir(filepath.Dir(made), 0o700); err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(dir, "out", "a", "b", "s.ts")
	for _, content := range []string{"first", "another of the same name"} {
		writeFile(t, made, content)
		got, err := LocalDeliver{Prefix: filepath.Join(dir, "out")}.Deliver(t.Context(), Delivery{Path: made, Name: "a/b/s.ts", Type: "video/mp2t"})
		if want := (Delivered{Location: place, Size: int64(len(content))}); err != nil || got != want {
			t.Fatalf("%+v, %v, want %+v", got, err, want)
		}
		if there, err := os.ReadFile(place); err != nil || string(there) != content {
			t.Errorf("%q, %v", there, err)
		}
		if _, err := os.Stat(made); !errors.Is(err, iofs.ErrNotExist) {
			t.Errorf("the file is still where it was made: %v", err)
		}
	}
	// What was made in its place stays.
	got, err := LocalDeliver{}.Deliver(t.Context(), Delivery{Path: place, Name: place})
	if err != nil || got.Location != place || got.Size == 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// otherDisk has every rename between folders fail as between file systems.
type otherDisk struct{ workfile.FS }

func (d otherDisk) Rename(from, to string) error {
	if filepath.Dir(from) != filepath.Dir(to) {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.EXDEV}
	}
	return d.FS.Rename(from, to)
}

func TestLocalDeliverToAnotherDisk(t *testing.T) {
	dir := t.TempDir()
	made := filepath.Join(dir, "made")
	writeFile(t, made, "content")
	deliver := LocalDeliver{Prefix: filepath.Join(dir, "out"), FS: otherDisk{workfile.OS()}}
	got, err := deliver.Deliver(t.Context(), Delivery{Path: made, Name: "x.mp4"})
	if err != nil || got.Size != 7 {
		t.Fatalf("%+v, %v", got, err)
	}
	if there, err := os.ReadFile(got.Location); err != nil || string(there) != "content" {
		t.Errorf("%q, %v", there, err)
	}
	if _, err := os.Stat(made); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("the file is still where it was made: %v", err)
	}
}

func TestLocalDeliverFails(t *testing.T) {
	dir := t.TempDir()
	made := filepath.Join(dir, "made")
	writeFile(t, made, "content")
	writeFile(t, filepath.Join(dir, "file"), "in the way")
	if got, err := (LocalDeliver{Prefix: filepath.Join(dir, "file")}).Deliver(t.Context(), Delivery{Path: made, Name: "x"}); err == nil {
		t.Errorf("delivered below a file: %+v", got)
	}
	if _, err := os.Stat(made); err != nil {
		t.Errorf("the file is gone after a failure: %v", err)
	}
}
