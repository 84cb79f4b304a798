package browser

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// shortPrefix begins the names of directories that are made outside of the work directory, where paths are short.
const shortPrefix = "ffegress-"

// shortName is what such a directory is called.
var shortName = regexp.MustCompile(`^` + shortPrefix + `(check-)?[0-9]+$`)

// shortDir is a directory in a place that everybody uses. It is locked while its process lives, so that the next one
// can tell what a killed one has left.
type shortDir struct {
	path string
	lock *os.File
}

// shortPlaces are where they are made.
func shortPlaces() []string {
	return slices.Compact([]string{filepath.Clean(os.TempDir()), "/tmp"})
}

// makeShortDir makes a directory in the first place where its path is no longer than most bytes; 0 = any length.
func makeShortDir(prefix string, most int, places []string) (*shortDir, error) {
	for _, place := range places {
		for {
			path, err := os.MkdirTemp(place, prefix)
			if err != nil {
				break
			}
			if most > 0 && len(path) > most {
				if err := os.Remove(path); err != nil {
					return nil, err
				}
				break
			}
			d, err := lockShortDir(path, os.O_CREATE)
			if err == nil {
				return d, nil
			}
			// Otherwise another process has just taken it for one that was left, and removes it.
			if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, os.ErrNotExist) {
				return nil, errors.Join(err, os.Remove(path))
			}
		}
	}
	return nil, fmt.Errorf("no place with a path short enough for sockets among %q: set TMPDIR to one", places)
}

// shortLock is the file that is locked. Where there is none, nobody knows whether the directory is in use.
const shortLock = ".lock"

// lockShortDir fails when a living process has the directory; create is 0 or os.O_CREATE, for a new one.
func lockShortDir(path string, create int) (*shortDir, error) {
	file := filepath.Join(path, shortLock)
	lock, err := os.OpenFile(file, os.O_RDWR|unix.O_NOFOLLOW|create, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	mine, err := lock.Stat()
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	there, err := os.Lstat(file)
	if err == nil && !os.SameFile(mine, there) {
		err = os.ErrNotExist
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &shortDir{path: path, lock: lock}, nil
}

// remove takes the directory away with all that is in it.
func (d *shortDir) remove() error {
	return errors.Join(os.RemoveAll(d.path), d.lock.Close())
}

// Sweep removes the temporary directories of dead processes, and leaves those of living ones and of other users.
func Sweep(log *slog.Logger) {
	for _, place := range shortPlaces() {
		sweep(place, log)
	}
}

func sweep(place string, log *slog.Logger) {
	entries, err := os.ReadDir(place)
	if err != nil {
		log.Warn("what dead processes have left could not be looked for", "dir", place, "error", err)
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !shortName.MatchString(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // its process has just removed it
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != uint32(os.Getuid()) {
			continue
		}
		d, err := lockShortDir(filepath.Join(place, e.Name()), 0)
		if err != nil {
			continue // somebody has it, or may have it
		}
		if err := d.remove(); err != nil {
			log.Warn("a temporary directory of a dead process could not be removed", "dir", d.path, "error", err)
			continue
		}
		log.Info("temporary directory of a dead process removed", "dir", d.path)
	}
}
