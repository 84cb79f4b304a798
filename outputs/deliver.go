package outputs

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// Delivery is a finished file and where it is wanted.
type Delivery struct {
	Path string // of the file on this machine; it must be whole and not change any more
	Name string // storage path as EgressInfo calls it, without the configured prefix
	Type string // content type, "video/mp4"
}

// Delivered tells where a file is to be had.
type Delivered struct {
	Location string // for EgressInfo and the manifest
	Size     int64  // bytes
}

// Deliver puts finished files where the request wants them. It is called by several goroutines at once.
type Deliver interface {
	// Deliver takes the file over and returns when it can be fetched from its location: a playlist may name a
	// segment from then on. It tries for as long as ctx lasts. Its error, text and code, is for EgressInfo; also then
	// the file is in safe hands where the store is not this machine, and goes on being tried: its giver forgets it.
	// Another file of the same name replaces the first.
	Deliver(ctx context.Context, d Delivery) (Delivered, error)
}

// LocalDeliver moves files to their places on this machine.
type LocalDeliver struct {
	Prefix string      // joined in front of each name; relative paths count from the working directory
	FS     workfile.FS // nil = the system's
}

var _ Deliver = LocalDeliver{}

// Place is where a file of that name goes; always absolute.
func (l LocalDeliver) Place(name string) (string, error) {
	return filepath.Abs(path.Join(l.Prefix, name))
}

// Deliver renames the file to its place, or copies it from another file system. A file that was made there stays.
func (l LocalDeliver) Deliver(_ context.Context, d Delivery) (Delivered, error) {
	fs := l.FS
	if fs == nil {
		fs = workfile.OS()
	}
	target, err := l.Place(d.Name)
	if err != nil {
		return Delivered{}, fmt.Errorf("place of %s: %w", d.Name, err)
	}
	if target != filepath.Clean(d.Path) {
		if err := workfile.MakeFolder(fs, filepath.Dir(target)); err != nil {
			return Delivered{}, fmt.Errorf("folder of %s: %w", filepath.Base(target), err)
		}
		if err := workfile.Deliver(fs, d.Path, target); err != nil {
			return Delivered{}, err
		}
	}
	info, err := os.Stat(target)
	if err != nil {
		return Delivered{}, fmt.Errorf("delivered file: %w", err)
	}
	return Delivered{Location: target, Size: info.Size()}, nil
}
