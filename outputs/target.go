package outputs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// WorkFile is a recording that is to become the file that was asked for.
type WorkFile struct {
	Path      string
	Container ffpipe.Container // "" = the finaliser's
	Torn      bool             // its end may be half written
	Target    string           // missing folders are made
	Finaliser workfile.Finaliser
}

// Make makes the target, finalised if possible. If not, the work file itself is
// delivered under the target's name and the note says so; if that can not be
// done either, the work file stays for another try. [workfile.ErrEmpty] if
// nothing in it is whole.
func (w WorkFile) Make(ctx context.Context) (note string, err error) {
	fs, log, from := w.Finaliser.FS, w.Finaliser.Log, cmp.Or(w.Container, w.Finaliser.Container)
	if w.Torn {
		if _, err := workfile.Truncate(fs, from, w.Path); err != nil {
			return "", err
		}
	}
	if err := workfile.MakeFolder(fs, filepath.Dir(w.Target)); err != nil {
		return "", err
	}
	finalErr := workfile.Finalise(ctx, w.Finaliser, w.Path, w.Target)
	if finalErr == nil {
		if err := removeWork(fs, w.Path); err != nil {
			log.Warn("work file stays", "err", err)
		}
		return "", nil
	}
	log.Warn("could not finalise, delivering the work file", "err", finalErr)
	if _, err := workfile.Truncate(fs, from, w.Path); err != nil {
		return "", errors.Join(finalErr, err)
	}
	if err := workfile.Deliver(fs, w.Path, w.Target); err != nil {
		return "", errors.Join(finalErr, err)
	}
	as := "as it was written"
	if from == ffpipe.MP4 {
		as = "as fragmented MP4"
	}
	return "delivered " + as + ", could not be finalised: " + finalErr.Error(), nil
}

// removeWork removes a work file that may never have been made.
func removeWork(fs workfile.FS, path string) error {
	if err := fs.Remove(path); err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("remove work file: %w", err)
	}
	return nil
}
