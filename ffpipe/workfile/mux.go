package workfile

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ffegress/ffegress/ffpipe"
)

// mux makes and seals a file of another container out of a Matroska work file.
func (f Finaliser) mux(ctx context.Context, fs FS, in, out string) error {
	found, err := clustersOf(fs, in)
	if err != nil {
		return err
	}
	if found.end == 0 {
		return ErrEmpty
	}
	if err := f.run(ctx, ffpipe.MuxArgs(in, out, f.Container, f.Bitrate)); err != nil {
		return err
	}
	switch f.Container {
	case ffpipe.WebM:
		return sealWith(fs, out, func(r io.ReaderAt, end int64) error { return checkWebM(r, end, found.media) })
	case ffpipe.Ogg:
		return sealWith(fs, out, checkOgg)
	}
	return seal(fs, out, found.media)
}

func clustersOf(fs FS, path string) (found clusters, err error) {
	file, err := fs.Open(path)
	if err != nil {
		return clusters{}, fmt.Errorf("open work file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, err := file.Size()
	if err != nil {
		return clusters{}, fmt.Errorf("size of work file: %w", err)
	}
	return scanClusters(file, end)
}

// checkWebM wants whole elements to the end of the segment, which is that of the
// file, and as much media as went in.
func checkWebM(r io.ReaderAt, end, media int64) error {
	in := window{r: r, end: end}
	var got int64
	segment := false
	for at := int64(0); at < end; {
		h, err := in.element(at)
		if err != nil {
			return fmt.Errorf("finalised file: %w", err)
		}
		next := at + h.Header + h.Size
		if h.Size < 0 || h.Size > end-at-h.Header || h.Segment() && next != end {
			return fmt.Errorf("finalised file: element of %d bytes at %d of %d", h.Size, at, end)
		}
		switch {
		case h.Segment() && !segment:
			segment = true
			next = at + h.Header
		case h.Cluster():
			n, err := in.media(at+h.Header, next)
			if err != nil {
				return fmt.Errorf("finalised file: %w", err)
			}
			got += n
		}
		at = next
	}
	if !segment || got < media {
		return fmt.Errorf("finalised file: %d bytes of media of %d", got, media)
	}
	return nil
}

// checkOgg wants whole pages to the end.
func checkOgg(r io.ReaderAt, end int64) error {
	found, err := scanPages(r, end)
	if err != nil {
		return err
	}
	if found.end != end {
		return fmt.Errorf("finalised file: %d bytes of pages of %d", found.end, end)
	}
	return nil
}
