package workfile

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"path/filepath"
	"syscall"
)

// Deliver gives a whole (truncated) work file the target's name, for when it
// cannot be finalised. The file is synced first and renamed; on another file
// system it is copied beside the target, synced, renamed and only then removed
// from its old place. A file of 0 bytes is ErrEmpty. On failure the work file
// stays, and nothing half-made is at the target.
func Deliver(fs FS, work, target string) error {
	if err := deliver(fs, work, target); err != nil {
		return fmt.Errorf("deliver %s: %w", filepath.Base(target), err)
	}
	return nil
}

func deliver(fs FS, work, target string) error {
	if err := syncFile(fs, work); err != nil {
		return err
	}
	err := fs.Rename(work, target)
	if err == nil {
		return syncDirs(fs, target, work)
	}
	if !errors.Is(err, syscall.EXDEV) {
		return fmt.Errorf("rename: %w", err)
	}
	temporary := Temporary(work, target)
	if err := copyFile(fs, work, temporary); err != nil {
		return errors.Join(err, removeIfThere(fs, temporary))
	}
	if err := publish(fs, temporary, target); err != nil {
		return errors.Join(err, removeIfThere(fs, temporary))
	}
	if err := fs.Remove(work); err != nil {
		return fmt.Errorf("remove work file: %w", err)
	}
	return syncDirs(fs, work, work)
}

// publish renames a synced file to its final name and makes that durable.
func publish(fs FS, temporary, target string) error {
	if err := fs.Rename(temporary, target); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	return syncDirs(fs, target, target)
}

// syncDirs syncs the directories of two files, once if they share it.
func syncDirs(fs FS, a, b string) error {
	if err := fs.SyncDir(filepath.Dir(a)); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	if filepath.Dir(a) == filepath.Dir(b) {
		return nil
	}
	if err := fs.SyncDir(filepath.Dir(b)); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

func syncFile(fs FS, path string) (err error) {
	file, err := fs.Open(path)
	if err != nil {
		return fmt.Errorf("open work file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := file.Size()
	if err != nil {
		return fmt.Errorf("size of work file: %w", err)
	}
	if size == 0 {
		return ErrEmpty
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync work file: %w", err)
	}
	return nil
}

func copyFile(fs FS, from, to string) (err error) {
	in, err := fs.Open(from)
	if err != nil {
		return fmt.Errorf("open work file: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	size, err := in.Size()
	if err != nil {
		return fmt.Errorf("size of work file: %w", err)
	}
	if err := removeIfThere(fs, to); err != nil { // left by a crash
		return err
	}
	if err := room(SpaceOf, filepath.Dir(to), size, 0); err != nil {
		return fmt.Errorf("copy work file: %w", err)
	}
	out, err := fs.Create(to)
	if err != nil {
		return fmt.Errorf("create copy: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, io.NewSectionReader(in, 0, size)); err != nil {
		return fmt.Errorf("copy work file: %w", err)
	}
	if err := out.Sync(); err != nil {
		return fmt.Errorf("sync copy: %w", err)
	}
	return nil
}

func removeIfThere(fs FS, path string) error {
	if err := fs.Remove(path); err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("remove temporary file: %w", err)
	}
	return nil
}
