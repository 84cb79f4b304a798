package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/outputs"
)

// Prepare makes the directories of what is recorded and finds out whether it can be written there, without leaving
// anything behind but directories. The error is a psrpc error that names the path. It may wait on a slow disk.
func (p *Plan) Prepare() error {
	if p.NamedLater() && !p.named {
		return nil
	}
	paths, err := p.Places()
	if err != nil {
		return errLocal(err)
	}
	for _, path := range paths {
		if err := p.writable(path); err != nil {
			return errLocal(err)
		}
	}
	return nil
}

// PrepareFile does the same for one file.
func (p *Plan) PrepareFile(f File) error {
	if err := p.writable(f.Path); err != nil {
		return errLocal(err)
	}
	return nil
}

// Places are files on this machine that will be made, one for each output at least.
func (p *Plan) Places() ([]string, error) {
	var paths []string
	if p.File.Path != "" && p.Stores.File.Local() {
		paths = append(paths, p.File.Path)
	}
	var names []string
	if s := p.Segments; s != nil && p.Stores.Segments.Local() {
		names = append(names, s.Names.Playlist, path.Join(path.Dir(s.Names.Playlist), s.Names.Prefix+"_00000.ts"))
		if s.Names.Live != "" {
			names = append(names, s.Names.Live)
		}
	}
	for n, i := range p.Images {
		if p.Stores.Images[n].Local() {
			names = append(names, i.Prefix+".jpeg")
		}
	}
	for _, name := range names {
		place, err := outputs.LocalDeliver{Prefix: p.Stores.File.Prefix}.Place(name)
		if err != nil {
			return nil, err
		}
		paths = append(paths, place)
	}
	return paths, nil
}

func (p *Plan) writable(path string) error {
	if err := p.Ground.Check(path); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := workfile.MakeFolder(p.Ground.FS(), dir); err != nil {
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
	return p.Ground.Try(dir)
}
