package workfile

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrGround is a place where no file may go.
var ErrGround = errors.New("is not below any of local_output_roots")

// Ground is where finished files may go on this machine, and whose they are
// there. The zero value lets them go anywhere and leaves them as this process
// makes them.
type Ground struct {
	// Roots are absolute. Files go below one of them, and there through no
	// symbolic link; a root itself may be one. None = anywhere.
	Roots []string
	// Work is the process' own directory. What goes there is never looked at.
	Work string
	// Mode and FolderMode are those of what is made; 0 = by the umask.
	Mode, FolderMode os.FileMode
	// Owner is whose it is; nil = the process'.
	Owner *Owner
}

// Owner is a user and a group; -1 leaves either as it is.
type Owner struct{ UID, GID int }

// Check tells why a file or folder of that absolute name may not be made.
func (g Ground) Check(path string) error {
	path = filepath.Clean(path)
	if len(g.Roots) == 0 || g.ours(path) {
		return nil
	}
	for _, root := range g.Roots {
		if below, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(below) {
			return noLinks(root, below)
		}
	}
	return fmt.Errorf("%s %w", path, ErrGround)
}

// noLinks looks at each name from root down, as far as there is anything.
func noLinks(root, below string) error {
	at := root
	for name := range strings.SplitSeq(below, string(filepath.Separator)) {
		if name == "." {
			continue
		}
		at = filepath.Join(at, name)
		info, err := os.Lstat(at)
		switch {
		case errors.Is(err, iofs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.Mode()&iofs.ModeSymlink != 0:
			return fmt.Errorf("%s %w: it is a symbolic link", at, ErrGround)
		}
	}
	return nil
}

// ours tells a place in the process' own directory.
func (g Ground) ours(path string) bool {
	if g.Work == "" {
		return false
	}
	below, err := filepath.Rel(g.Work, path)
	return err == nil && filepath.IsLocal(below)
}

// own gives a new file or folder its owner and mode.
func (g Ground) own(path string, mode os.FileMode) error {
	if o := g.Owner; o != nil {
		if err := os.Lchown(path, o.UID, o.GID); err != nil {
			return err
		}
	}
	if mode == 0 {
		return nil
	}
	return os.Chmod(path, mode) // after the owner: changing that takes bits away
}

// Try finds out whether a file could be made in a folder, without leaving
// anything behind but the folder.
func (g Ground) Try(dir string) error {
	if err := MakeFolder(g.FS(), dir); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".ffegress-*")
	if err != nil {
		return Denied(dir, err)
	}
	if !g.ours(dir) {
		err = g.own(probe.Name(), g.Mode)
	}
	return errors.Join(err, probe.Close(), os.Remove(probe.Name()))
}

// FS is the system's disk, on which files get their final names only where they
// may, and with the mode and owner that they are to have.
func (g Ground) FS() FS { return groundFS{OS(), g} }

type groundFS struct {
	FS
	ground Ground
}

// Rename changes the file before it has its name: nobody sees it otherwise.
func (d groundFS) Rename(oldName, newName string) error {
	if d.ground.ours(newName) {
		return d.FS.Rename(oldName, newName)
	}
	if err := d.ground.Check(newName); err != nil {
		return err
	}
	if err := d.ground.own(oldName, d.ground.Mode); err != nil {
		return err
	}
	return d.FS.Rename(oldName, newName)
}
