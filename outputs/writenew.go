package outputs

import (
	"errors"
	iofs "io/fs"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// writeNew makes a file of data. What has its name is removed first: it was left
// by somebody who did not come to deliver it.
func writeNew(fs workfile.FS, path string, data []byte) error {
	if err := fs.Remove(path); err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return err
	}
	file, err := fs.Create(path)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}
