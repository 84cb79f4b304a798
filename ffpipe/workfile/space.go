package workfile

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Reserve is how many bytes of a disk are left to everybody else: what is not
// needed to save a recording does not take them.
const Reserve = 16 << 20

// Space is what is known of a file system.
type Space struct {
	Device uint64 // which one it is
	Free   int64  // bytes that a user without privileges may still write
}

// SpaceOf looks at the file system of a path or, while that does not exist, of
// the nearest folder above it.
func SpaceOf(path string) (Space, error) {
	for {
		info, err := os.Stat(path)
		if above := filepath.Dir(path); errors.Is(err, iofs.ErrNotExist) && above != path {
			path = above
			continue
		}
		if err != nil {
			return Space{}, fmt.Errorf("free space: %w", err)
		}
		var fs unix.Statfs_t
		if err := unix.Statfs(path, &fs); err != nil {
			return Space{}, fmt.Errorf("free space: %w", &os.PathError{Op: "statfs", Path: path, Err: err})
		}
		s := Space{Free: int64(fs.Bavail) * fs.Bsize}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			s.Device = st.Dev
		}
		return s, nil
	}
}

// Full tells whether an error says that a disk, or somebody's part of it, is full.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// room refuses, as a full disk would, what would not fit into a folder beside
// the rest: trying it would take the space from whoever still records.
func room(space func(string) (Space, error), dir string, size, rest int64) error {
	s, err := space(dir)
	if err != nil || s.Free >= size+rest {
		return nil // what can not be known is tried
	}
	return fmt.Errorf("%w: %d bytes are needed, %d are free", syscall.ENOSPC, size, s.Free)
}
