package workfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/ffegress/ffegress/ffpipe/matroska"
)

// maxCluster bounds a cluster of a work file, which is one frame.
const maxCluster = 64 << 20

// clusters is what is whole of a Matroska work file, by its sizes.
type clusters struct {
	first  int64   // where the first cluster begins
	end    int64   // behind the last whole cluster; 0 when there is none
	media  int64   // bytes of frames
	recent []int64 // where those clusters begin that may have lost pages, in order
}

// scanClusters walks the elements up to the first that is not whole.
func scanClusters(r io.ReaderAt, end int64) (found clusters, err error) {
	in := window{r: r, end: end}
	at, segment := int64(0), false
	for at < end {
		h, err := in.element(at)
		if errors.Is(err, matroska.ErrDamaged) {
			break
		} else if err != nil {
			return clusters{}, err
		}
		if at == 0 && !h.File() {
			break
		}
		if h.Segment() && !segment {
			segment = true
			at += h.Header
			continue
		}
		next := at + h.Header + h.Size
		if h.Size < 0 || h.Size > end-at-h.Header {
			break
		}
		if h.Cluster() {
			if !segment || h.Size == 0 || h.Size > maxCluster {
				break
			}
			media, err := in.media(at+h.Header, next)
			if errors.Is(err, matroska.ErrDamaged) {
				break
			} else if err != nil {
				return clusters{}, err
			}
			if found.end == 0 {
				found.first = at
			}
			found.end = next
			found.media += media
			found.recent = append(found.recent, at)
			for found.recent[0] < next-unsynced && len(found.recent) > 1 {
				found.recent = found.recent[1:]
			}
		}
		at = next
	}
	return found, nil
}

// whole is where the last cluster ends before the first whose checksum is wrong.
// Only those are looked at that can have lost pages in a power cut.
func (c clusters) whole(r io.ReaderAt) (int64, error) {
	in := window{r: r, end: c.end}
	for _, at := range c.recent {
		h, err := in.element(at)
		if err != nil {
			return 0, err
		}
		data := make([]byte, h.Size)
		if _, err := r.ReadAt(data, at+h.Header); err != nil {
			return 0, fmt.Errorf("read cluster at %d: %w", at, err)
		}
		if _, err := matroska.ParseCluster(data); err != nil {
			if at == c.first {
				return 0, nil
			}
			return at, nil
		}
	}
	return c.end, nil
}

// element reads the header of the element at off.
func (w *window) element(off int64) (matroska.Header, error) {
	raw, err := w.take(off, matroska.MaxHeader)
	if err != nil {
		return matroska.Header{}, err
	}
	return matroska.ParseHeader(raw)
}

// media is how many bytes of frames there are between the offsets.
func (w *window) media(from, to int64) (n int64, err error) {
	for from < to {
		h, err := w.element(from)
		if err != nil {
			return 0, err
		}
		if h.Size < 0 || h.Size > to-from-h.Header {
			return 0, fmt.Errorf("%w: cut off", matroska.ErrDamaged)
		}
		from += h.Header
		if h.Group() {
			continue
		}
		if h.Block() {
			n += h.Media()
		}
		from += h.Size
	}
	return n, nil
}
