package workfile

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// DeniedError is a permission that this process does not have on a path. It
// names both users, because that is what is wrong with most mounts of
// containers.
type DeniedError struct {
	Dir   string // the nearest place on the way to the path that there is
	Owner int    // uid that it belongs to
	Mode  iofs.FileMode
	UID   int // uid of this process
	Err   error
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%v: %s belongs to uid %d (%v), ffegress runs as uid %d", e.Err, e.Dir, e.Owner, e.Mode, e.UID)
}

func (e *DeniedError) Unwrap() error { return e.Err }

// Denied makes a [DeniedError] of a refused permission on path, and gives any
// other error, nil too, as it is.
func Denied(path string, err error) error {
	var said *DeniedError
	if !errors.Is(err, iofs.ErrPermission) || errors.As(err, &said) {
		return err
	}
	for at := filepath.Clean(path); ; at = filepath.Dir(at) {
		info, statErr := os.Stat(at)
		if statErr == nil {
			owner, ok := info.Sys().(*syscall.Stat_t)
			if !ok {
				return err
			}
			return &DeniedError{Dir: at, Owner: int(owner.Uid), Mode: info.Mode(), UID: os.Geteuid(), Err: err}
		}
		if at == filepath.Dir(at) {
			return err
		}
	}
}
