package workfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/matroska"
	"github.com/ffegress/ffegress/ffpipe/ogg"
)

// ErrUnmeasured is what Duration returns for a container, or a file of one, whose length is written nowhere in it.
var ErrUnmeasured = errors.New("the file does not tell its length")

// Duration reads how long a finished file is: MP4 with its index in front, WebM, Ogg with Opus, MP3. Other errors wrap the
// file system's, or say what is wrong with the file.
func Duration(fs FS, c ffpipe.Container, path string) (d time.Duration, err error) {
	file, err := fs.Open(path)
	if err != nil {
		return 0, fmt.Errorf("duration: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, err := file.Size()
	if err != nil {
		return 0, fmt.Errorf("duration: %w", err)
	}
	switch c {
	case ffpipe.Ogg:
		d, err = oggDuration(file, end)
	case ffpipe.MP3:
		d, err = mp3Duration(file, end)
	case ffpipe.MP4, "":
		d, err = mp4Duration(file, end)
	case ffpipe.WebM, ffpipe.Matroska:
		d, err = matroskaDuration(file, end)
	default:
		err = ErrUnmeasured
	}
	if err != nil {
		return 0, fmt.Errorf("duration: %w", err)
	}
	return d, nil
}

// mp4Duration is that of the movie header.
func mp4Duration(r io.ReaderAt, end int64) (time.Duration, error) {
	for at := int64(0); at < end; {
		b, err := boxAt(r, at, end)
		if err != nil {
			return 0, err
		}
		if b.kind == "moov" {
			data, err := readHead(r, b)
			if err != nil {
				return 0, err
			}
			return movieDuration(data)
		}
		at = b.end()
	}
	return 0, ErrUnmeasured
}

func movieDuration(moov []byte) (time.Duration, error) {
	boxes, err := children(moov)
	if err != nil {
		return 0, err
	}
	for _, c := range boxes {
		if c.kind != "mvhd" {
			continue
		}
		var scale, length uint64
		switch {
		case len(c.data) >= 20 && c.data[0] == 0:
			scale, length = uint64(binary.BigEndian.Uint32(c.data[12:])), uint64(binary.BigEndian.Uint32(c.data[16:]))
		case len(c.data) >= 32 && c.data[0] == 1:
			scale, length = uint64(binary.BigEndian.Uint32(c.data[20:])), binary.BigEndian.Uint64(c.data[24:])
		}
		if scale == 0 || length == 0 || length/scale > math.MaxInt64/uint64(time.Second) {
			return 0, ErrUnmeasured
		}
		return time.Duration(float64(length) / float64(scale) * float64(time.Second)), nil
	}
	return 0, ErrUnmeasured
}

// maxInfo bounds the element that tells how long a Matroska file is.
const maxInfo = 64 << 10

// matroskaDuration is that of the element which tells it, before the first cluster.
func matroskaDuration(r io.ReaderAt, end int64) (time.Duration, error) {
	in := window{r: r, end: end}
	for at := int64(0); at < end; {
		h, err := in.element(at)
		if err != nil {
			return 0, err
		}
		at += h.Header
		switch {
		case h.Segment():
			continue // what it holds
		case h.Cluster() || h.Size < 0 || h.Size > end-at:
			return 0, ErrUnmeasured
		case h.Info() && h.Size <= maxInfo:
			raw, err := in.take(at, int(h.Size))
			if err != nil {
				return 0, err
			}
			d, err := matroska.ParseInfo(raw)
			if errors.Is(err, matroska.ErrNoDuration) {
				err = ErrUnmeasured
			}
			return d, err
		}
		at += h.Size
	}
	return 0, ErrUnmeasured
}

func oggDuration(r io.ReaderAt, end int64) (time.Duration, error) {
	found, err := scanPages(r, end)
	if err != nil || found.end == 0 {
		return 0, errors.Join(err, ErrUnmeasured)
	}
	in := window{r: r, end: end}
	raw, err := in.take(found.last, ogg.MaxPage)
	if err != nil {
		return 0, err
	}
	p, _, err := ogg.Parse(raw)
	if err != nil {
		return 0, err
	}
	return time.Duration(max(p.Granule-found.skip, 0)) * time.Second / opusRate, nil
}

// opusRate is what Ogg counts Opus in, whatever it was made of.
const opusRate = 48000

// mp3Duration counts frames; the first of a finished file has no sound.
func mp3Duration(r io.ReaderAt, end int64) (time.Duration, error) {
	found, err := scanFrames(r, end)
	if err != nil || found.count < 2 || found.head.Rate == 0 {
		return 0, errors.Join(err, ErrUnmeasured)
	}
	return time.Duration(found.count-1) * time.Duration(found.head.Samples()) * time.Second / time.Duration(found.head.Rate), nil
}
