package browser

import (
	"errors"
	"fmt"
	"os"
)

// longestDir is how long the path may be for the sockets in it: a unix socket's
// path has 107 bytes, and Chromium's own is 50 below this directory.
const longestDir = 56

// dirs are the directories of one browser: the one that was asked for, and, if
// its path is too long for sockets, another one for them.
type dirs struct {
	asked, work string
}

func makeDirs(asked string) (*dirs, error) {
	if err := os.MkdirAll(asked, 0o700); err != nil {
		return nil, fmt.Errorf("make browser directory: %w", err)
	}
	// It may have been there with other permissions.
	if err := os.Chmod(asked, 0o700); err != nil {
		return nil, fmt.Errorf("make browser directory: %w", err)
	}
	d := &dirs{asked: asked, work: asked}
	if len(asked) > longestDir {
		work, err := shortDir(os.TempDir(), "/tmp")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make browser directory: %w", err), d.remove())
		}
		d.work = work
	}
	return d, nil
}

// shortDir makes a directory in the first place whose path leaves room for sockets.
func shortDir(places ...string) (string, error) {
	for _, place := range places {
		dir, err := os.MkdirTemp(place, "ffegress-")
		if err != nil {
			continue
		}
		if len(dir) <= longestDir {
			return dir, nil
		}
		if err := os.Remove(dir); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("no place with a path short enough for sockets among %q: set TMPDIR to one", places)
}

func (d *dirs) remove() error {
	err := os.RemoveAll(d.work)
	if d.asked != d.work {
		err = errors.Join(err, os.RemoveAll(d.asked))
	}
	if err != nil {
		return fmt.Errorf("remove browser directory: %w", err)
	}
	return nil
}
