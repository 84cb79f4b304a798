package workfile

import (
	"io"

	"github.com/ffegress/ffegress/ffpipe/mp3"
)

// frames is what is whole of an MP3 work file.
type frames struct {
	end   int64 // behind the last whole frame
	count int64
	head  mp3.Header // of the first one
}

// sector is the smallest piece that a disk loses.
const sector = 512

// maxFrame is more than any frame of layer III has, in bytes.
const maxFrame = 2 << 10

// scanFrames walks the frames up to the first that is not whole or does not
// belong to the others. A lost disk page takes a header with it, or begins in
// the last frame that seems whole, which is then cut as well.
func scanFrames(r io.ReaderAt, end int64) (found frames, err error) {
	in := window{r: r, end: end}
	for found.end < end {
		b, err := in.take(found.end, maxFrame)
		if err != nil {
			return frames{}, err
		}
		h, err := mp3.ParseHeader(b)
		if err != nil || found.count > 0 && !h.Fits(found.head) || h.Size() > len(b) {
			break
		}
		if next := found.end + int64(h.Size()); next == end || !frameAt(b[h.Size():]) {
			if lostTail(b[:h.Size()], found.end) {
				break
			}
		}
		if found.count == 0 {
			found.head = h
		}
		found.count++
		found.end += int64(h.Size())
	}
	return found, nil
}

func frameAt(b []byte) bool {
	_, err := mp3.ParseHeader(b)
	return err == nil
}

// lostTail says whether a frame at a place in the file is zeros from a sector's
// beginning to its own end.
func lostTail(frame []byte, at int64) bool {
	end := at + int64(len(frame))
	from := (end - 1) / sector * sector
	if from < at+mp3.HeaderSize {
		return false
	}
	for _, b := range frame[from-at:] {
		if b != 0 {
			return false
		}
	}
	return true
}
