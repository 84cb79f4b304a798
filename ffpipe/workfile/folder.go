package workfile

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// folderMode is that of folders made for recordings, as LiveKit Egress has it.
const folderMode = 0o755

// MakeFolder makes a folder and what is missing above it, and makes each new
// name durable: a file in a folder that a power cut takes away is lost too.
// On a [Ground]'s disk the folders are made as that says.
func MakeFolder(fs FS, dir string) error {
	g, _ := fs.(groundFS)
	if err := g.ground.Check(dir); err != nil {
		return err
	}
	return g.ground.makeFolder(fs, dir)
}

func (g Ground) makeFolder(fs FS, dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return &iofs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return &iofs.PathError{Op: "mkdir", Path: dir, Err: iofs.ErrNotExist}
	}
	if err := g.makeFolder(fs, parent); err != nil {
		return err
	}
	switch err := os.Mkdir(dir, folderMode); {
	case errors.Is(err, iofs.ErrExist):
	case err != nil:
		return Denied(parent, err)
	case !g.ours(dir):
		if err := g.own(dir, g.FolderMode); err != nil {
			return errors.Join(err, os.Remove(dir))
		}
	}
	return fs.SyncDir(parent)
}
