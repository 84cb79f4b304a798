package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// poolPrefix is what the directories of pools are called in the work directory, where an egress has
// one called by its id.
const poolPrefix = ".browsers-"

// poolDir is the directory of one process's pool. It is locked while the process lives, so that the
// next one can tell what a killed one has left.
type poolDir struct {
	path string
	lock *os.File
}

// makePoolDir also removes what killed processes have left.
func makePoolDir(work string) (*poolDir, error) {
	left, err := filepath.Glob(filepath.Join(work, poolPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("browser pool: %w", err)
	}
	for _, path := range left {
		if d, err := lockPoolDir(path); err == nil {
			d.remove()
		}
	}
	path, err := os.MkdirTemp(work, poolPrefix)
	if err != nil {
		return nil, fmt.Errorf("browser pool: %w", err)
	}
	d, err := lockPoolDir(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("browser pool: %w", err), os.Remove(path))
	}
	return d, nil
}

// lockPoolDir fails when another process has the directory.
func lockPoolDir(path string) (*poolDir, error) {
	lock, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &poolDir{path: path, lock: lock}, nil
}

// remove takes the directory away with all that is in it.
func (d *poolDir) remove() {
	_ = os.RemoveAll(d.path)
	_ = d.lock.Close()
}
