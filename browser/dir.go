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
	short       *shortDir // nil where asked is short enough
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
		var err error
		if d.short, err = makeShortDir(shortPrefix, longestDir, shortPlaces()); err != nil {
			return nil, errors.Join(fmt.Errorf("make browser directory: %w", err), d.remove())
		}
		d.work = d.short.path
	}
	return d, nil
}

func (d *dirs) remove() error {
	err := os.RemoveAll(d.asked)
	if d.short != nil {
		err = errors.Join(err, d.short.remove())
	}
	if err != nil {
		return fmt.Errorf("remove browser directory: %w", err)
	}
	return nil
}
