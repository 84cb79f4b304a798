package outputs

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// makeFolder makes a folder and what is missing above it, and makes each new
// name durable: a file in a folder that a power cut takes away is lost too.
func makeFolder(fs workfile.FS, dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return &iofs.PathError{Op: "mkdir", Path: dir, Err: errors.New("is a file")}
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return &iofs.PathError{Op: "mkdir", Path: dir, Err: iofs.ErrNotExist}
	}
	if err := makeFolder(fs, parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, iofs.ErrExist) {
		return err
	}
	return fs.SyncDir(parent)
}
