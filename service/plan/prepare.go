package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dirMode is that of directories made for a recording, as today.
const dirMode = 0o755

// Prepare makes the file's directory and finds out whether the file can be made there, without leaving anything
// behind but directories. The error is a psrpc error that names the path. It may wait on a slow disk.
func (p *Plan) Prepare() error {
	if p.File.Path == "" {
		return nil
	}
	if err := writable(p.File.Path); err != nil {
		return errLocal(err)
	}
	return nil
}

func writable(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	// A rename would put the recording in the place of whatever stands there: a device, or a link to one.
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	probe, err := os.CreateTemp(dir, ".ffegress-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
