package uploads

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrHeld means that a living process has the home.
var ErrHeld = errors.New("a running ffegress has it")

const lockFile = "lock"

// Home is the directory of one egress, locked: what an egress has recorded and owes is in it, and only the process
// that holds the lock touches that. A process that dies has no locks any more.
type Home struct {
	Dir  string
	lock *os.File
}

// LockHome takes a directory, which it makes if it is missing (0700). ErrHeld if another process, or another part of
// this one, has it.
func LockHome(dir string) (*Home, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, lockFile)
	for {
		lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			_ = lock.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, fmt.Errorf("lock %s: %w", dir, ErrHeld)
			}
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		// Whoever had it may have removed it with its directory just before.
		mine, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		there, err := os.Stat(path)
		if err == nil && os.SameFile(mine, there) {
			return &Home{Dir: dir, lock: lock}, nil
		}
		_ = lock.Close()
		if err != nil && !errors.Is(err, iofs.ErrNotExist) {
			return nil, err
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
}

// Release gives the directory back and leaves what is in it.
func (h *Home) Release() { _ = h.lock.Close() }

// Remove takes the directory away with all that is in it, and gives it back.
func (h *Home) Remove() error {
	err := os.RemoveAll(h.Dir)
	h.Release()
	return err
}
