package workfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/mp3"
	"github.com/ffegress/ffegress/ffpipe/ogg"
)

// sampleRate is the programme's, in which lengths are told; Opus has the same.
const sampleRate = 48000

// rewrite makes the final Ogg or MP3 out of a work file: the same sound, with
// what could only be known at its end.
func (f Finaliser) rewrite(fs FS, in, out string) (err error) {
	src, err := fs.Open(in)
	if err != nil {
		return fmt.Errorf("open work file: %w", err)
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	end, err := src.Size()
	if err != nil {
		return fmt.Errorf("size of work file: %w", err)
	}
	if err := removeIfThere(fs, out); err != nil { // left by a crash
		return err
	}
	dst, err := fs.Create(out)
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if f.Container == ffpipe.Ogg {
		err = f.endOgg(dst, src, end)
	} else {
		err = f.headMP3(dst, src, end)
	}
	if err != nil {
		return err
	}
	if err := dst.Sync(); err != nil {
		return fmt.Errorf("sync file: %w", err)
	}
	return nil
}

// endOgg copies the stream and marks its last page, with the granule position
// that cuts off what the encoder added to fill its last packet (RFC 7845, 4.4).
func (f Finaliser) endOgg(dst io.Writer, src io.ReaderAt, end int64) error {
	found, err := scanPages(src, end)
	if err != nil {
		return err
	}
	if found.end == 0 {
		return ErrEmpty
	}
	if _, err := io.Copy(dst, io.NewSectionReader(src, 0, found.last)); err != nil {
		return fmt.Errorf("copy pages: %w", err)
	}
	raw := make([]byte, found.end-found.last)
	if _, err := src.ReadAt(raw, found.last); err != nil {
		return fmt.Errorf("read last page: %w", err)
	}
	page, _, err := ogg.Parse(raw)
	if err != nil {
		return err
	}
	page.Flags |= ogg.Last
	if total := found.skip + f.Samples; f.Samples > 0 && total < page.Granule {
		page.Granule = max(total, found.before)
	}
	if raw, err = page.Append(raw[:0]); err != nil {
		return err
	}
	if _, err := dst.Write(raw); err != nil {
		return fmt.Errorf("write last page: %w", err)
	}
	return nil
}

// headMP3 puts an Info frame before the frames.
func (f Finaliser) headMP3(dst io.Writer, src io.ReaderAt, end int64) error {
	found, err := scanFrames(src, end)
	if err != nil {
		return err
	}
	if found.end == 0 {
		return ErrEmpty
	}
	info := mp3.Info{Frames: found.count, Bytes: found.end}
	rate := int64(found.head.Rate)
	info.Samples = (f.Samples*rate + sampleRate/2) / sampleRate
	sum := &checksum{}
	if _, err := io.Copy(sum, io.NewSectionReader(src, 0, found.end)); err != nil {
		return fmt.Errorf("read frames: %w", err)
	}
	info.Sum = sum.sum
	head, err := info.Frame(found.head)
	if err != nil {
		return err
	}
	if _, err := dst.Write(head); err != nil {
		return fmt.Errorf("write info frame: %w", err)
	}
	if _, err := io.Copy(dst, io.NewSectionReader(src, 0, found.end)); err != nil {
		return fmt.Errorf("copy frames: %w", err)
	}
	return nil
}

// checksum is an io.Writer that only counts.
type checksum struct{ sum uint16 }

func (c *checksum) Write(p []byte) (int, error) {
	c.sum = mp3.Checksum(c.sum, p)
	return len(p), nil
}
