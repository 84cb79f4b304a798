package workfile

import (
	"fmt"
	"io"
)

// window reads a file front to back in large pieces: pages and frames are small.
type window struct {
	r   io.ReaderAt
	end int64
	buf []byte
	at  int64 // of buf[0]
}

const windowSize = 1 << 20

// take returns the n bytes at off, or what there is of them up to the end. They
// are valid until the next call. n is at most a quarter of the window.
func (w *window) take(off int64, n int) ([]byte, error) {
	n = int(min(int64(n), w.end-off))
	if n <= 0 {
		return nil, nil
	}
	if off < w.at || off+int64(n) > w.at+int64(len(w.buf)) {
		if cap(w.buf) == 0 {
			w.buf = make([]byte, min(windowSize, w.end))
		}
		w.at, w.buf = off, w.buf[:min(int64(cap(w.buf)), w.end-off)]
		if _, err := w.r.ReadAt(w.buf, off); err != nil {
			return nil, fmt.Errorf("read work file at %d: %w", off, err)
		}
	}
	return w.buf[off-w.at:][:n], nil
}
