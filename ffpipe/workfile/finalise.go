package workfile

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	iofs "io/fs"
	"log/slog"
	"path/filepath"

	"github.com/ffegress/ffegress/ffpipe"
)

// Finaliser is what [Finalise] works with.
type Finaliser struct {
	Container ffpipe.Container // of both files; "" = MP4
	// Matroska says that the work file is one; the target can be WebM too then.
	Matroska bool
	// Bitrate of sound that must be encoded for the target, kb/s: Ogg of Matroska.
	Bitrate int
	// Samples is how long the programme's sound is, at 48 kHz. Ogg and MP3 end
	// there and not with what the encoder had to add; 0 = it is not known.
	Samples int64

	FFmpeg string       // executable that makes MP4; "" = "ffmpeg" in PATH
	FS     FS           // nil = OS(); ffmpeg itself always writes to the system's
	Log    *slog.Logger // nil discards

	// Tests replace these.
	remux func(ctx context.Context, in, out string) error
	space func(dir string) (Space, error)
}

// Finalise makes target out of a work file of whole parts: an MP4 with its index
// in front or, of Matroska, a WebM by one -c copy run, an Ogg file whose last page is marked and ends
// with the programme, an MP3 file with an Info frame. It is made in [Temporary]
// beside the target, checked, synced and renamed. The work file stays; its owner
// removes it. The end of ctx kills the run.
//
// On failure the temporary is removed and nothing is changed under either name;
// only if the last step, syncing the directory, fails, the whole new file is at
// the target though its name may not survive a power cut.
// The error wraps an [*ffpipe.ExitError] when ffmpeg failed, and the file
// system's error otherwise; it is ENOSPC, and nothing is tried, where the new
// file would not fit.
func Finalise(ctx context.Context, f Finaliser, work, target string) (err error) {
	fs := f.FS
	if fs == nil {
		fs = OS()
	}
	temporary := Temporary(work, target)
	defer func() {
		if err == nil {
			return
		}
		err = fmt.Errorf("finalise %s: %w", filepath.Base(target), err)
		if gone := fs.Remove(temporary); gone != nil && !errors.Is(gone, iofs.ErrNotExist) {
			err = fmt.Errorf("%w (and remove the temporary file: %w)", err, gone)
		}
	}()
	if err := f.fits(fs, work, temporary); err != nil {
		return err
	}
	switch {
	case f.Matroska:
		err = f.mux(ctx, fs, work, temporary)
	case f.Container == ffpipe.Ogg, f.Container == ffpipe.MP3:
		err = f.rewrite(fs, work, temporary)
	default:
		err = f.index(ctx, fs, work, temporary)
	}
	if err != nil {
		return err
	}
	return publish(fs, temporary, target)
}

// fits tells whether the new file, which is about as large as the old one, has
// room beside it.
func (f Finaliser) fits(fs FS, work, temporary string) error {
	size, err := sizeOf(fs, work)
	if err != nil {
		return err
	}
	space := f.space
	if space == nil {
		space = SpaceOf
	}
	return room(space, filepath.Dir(temporary), size, Reserve)
}

func sizeOf(fs FS, path string) (size int64, err error) {
	file, err := fs.Open(path)
	if err != nil {
		return 0, fmt.Errorf("open work file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if size, err = file.Size(); err != nil {
		return 0, fmt.Errorf("size of work file: %w", err)
	}
	return size, nil
}

// index makes and seals an MP4 with its index in front.
func (f Finaliser) index(ctx context.Context, fs FS, in, out string) error {
	remux := f.remux
	if remux == nil {
		remux = func(ctx context.Context, in, out string) error { return f.run(ctx, ffpipe.RemuxArgs(in, out)) }
	}
	media, err := mediaBytes(fs, in)
	if err != nil {
		return err
	}
	if err := remux(ctx, in, out); err != nil {
		return err
	}
	return seal(fs, out, media)
}

// Temporary is the hidden name, beside target, under which the file is made. It
// is always the same for a pair of files: another try after a crash overwrites
// what the first left.
func Temporary(work, target string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, work+"\x00"+target)
	return filepath.Join(filepath.Dir(target), fmt.Sprintf(".%016x.part", h.Sum64()))
}

// run is the one run of ffmpeg.
func (f Finaliser) run(ctx context.Context, args []string) error {
	path := f.FFmpeg
	if path == "" {
		path = "ffmpeg"
	}
	p, err := ffpipe.Start(ffpipe.Command{
		Name: "finalise",
		Path: path,
		Args: args,
		Log:  f.Log,
	})
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	<-p.Done()
	if err := p.Err(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		return err
	}
	return nil
}

// mediaBytes is how much media a work file holds.
func mediaBytes(fs FS, path string) (n int64, err error) {
	file, err := fs.Open(path)
	if err != nil {
		return 0, fmt.Errorf("open work file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, err := file.Size()
	if err != nil {
		return 0, fmt.Errorf("size of work file: %w", err)
	}
	fragments, err := scanFragments(file, end)
	if err != nil {
		return 0, err
	}
	for _, f := range fragments {
		n += f.end - f.data
	}
	if n == 0 {
		return 0, ErrEmpty
	}
	return n, nil
}

// seal checks that the new file is whole and has all the media, and syncs it.
// ffmpeg's exit code alone does not promise that.
func seal(fs FS, path string, media int64) error {
	return sealWith(fs, path, func(r io.ReaderAt, end int64) error { return checkFaststart(r, end, media) })
}

func sealWith(fs FS, path string, check func(r io.ReaderAt, end int64) error) (err error) {
	file, err := fs.Open(path)
	if err != nil {
		return fmt.Errorf("open finalised file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, err := file.Size()
	if err != nil {
		return fmt.Errorf("size of finalised file: %w", err)
	}
	if err := check(file, end); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync finalised file: %w", err)
	}
	return nil
}

// checkFaststart wants whole boxes to the end, the index in front, and at least
// as much media as went in.
func checkFaststart(r io.ReaderAt, end, media int64) error {
	var got int64
	index := false
	for at := int64(0); at < end; {
		b, err := boxAt(r, at, end)
		if err != nil {
			return fmt.Errorf("finalised file: %w", err)
		}
		switch b.kind {
		case "moov":
			index = true
		case "mdat":
			if !index {
				return errors.New("finalised file: media before its index")
			}
			got += b.size - b.header
		}
		at = b.end()
	}
	if got < media {
		return fmt.Errorf("finalised file: %d bytes of media of %d", got, media)
	}
	return nil
}
