package workfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestSpaceOf(t *testing.T) {
	dir := t.TempDir()
	there, err := SpaceOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	later, err := SpaceOf(filepath.Join(dir, "not", "yet", "there.mp4"))
	if err != nil || later.Device != there.Device || there.Free <= 0 || later.Free <= 0 {
		t.Errorf("%+v, below it %+v, %v", there, later, err)
	}
	if other, err := SpaceOf("/proc"); err != nil || other.Device == there.Device {
		t.Errorf("/proc: %+v, %v", other, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := SpaceOf(filepath.Join(file, "x")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("below a file: %v", err)
	}
}

func TestFull(t *testing.T) {
	for err, want := range map[error]bool{
		&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}: true,
		fmt.Errorf("append: %w", syscall.EDQUOT):                   true,
		syscall.EIO:                                                false,
		nil:                                                        false,
	} {
		if Full(err) != want {
			t.Errorf("%v: %t", err, !want)
		}
	}
}

// A file that would not fit is not begun; one that just does is made.
func TestFinaliseWhereThereIsNoRoom(t *testing.T) {
	work := append(initSegment(), fragmentOf(rand.New(rand.NewPCG(1, 2)), 1000)...)
	var nice []byte
	for _, c := range []struct {
		free int64
		err  error
		want error
	}{
		{int64(len(work)) + Reserve - 1, nil, syscall.ENOSPC},
		{int64(len(work)) + Reserve, nil, nil},
		{0, errors.New("nobody knows"), nil},
	} {
		d, begun := memory(bytes.Clone(work)), false
		f := Finaliser{
			FS: d,
			remux: func(ctx context.Context, in, out string) error {
				begun = true
				return fakeRemux(d, &nice)(ctx, in, out)
			},
			space: func(dir string) (Space, error) {
				if dir != filepath.Dir(targetPath) {
					t.Errorf("asked for %s", dir)
				}
				return Space{Free: c.free}, c.err
			},
		}
		err := Finalise(context.Background(), f, workPath, targetPath)
		if !errors.Is(err, c.want) || begun != (c.want == nil) || (d.names[targetPath] != nil) != (c.want == nil) {
			t.Errorf("%d free: %v, begun %t", c.free, err, begun)
		}
		if d.names[Temporary(workPath, targetPath)] != nil || c.want != nil && d.names[workPath] == nil {
			t.Errorf("%d free: files %v", c.free, d.names)
		}
	}
}
