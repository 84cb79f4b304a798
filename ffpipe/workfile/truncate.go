package workfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/ffegress/ffegress/ffpipe"
)

// ErrEmpty means that there is not one whole fragment, page, frame or cluster: nothing to
// deliver.
var ErrEmpty = errors.New("no whole fragment")

const (
	maxHead = 16 << 20 // bytes of a moov or moof; beyond it the box is damage
	// unsynced is how much of the end is searched for lost pages: far more
	// than is written between two syncs.
	unsynced = 32 << 20
)

// Truncate cuts a work file behind its last whole fragment (MP4), page (Ogg),
// frame (MP3) or cluster (Matroska), makes that durable and returns the new size. A file without one
// is left as it is, with ErrEmpty. Other errors wrap the file system's.
func Truncate(fs FS, c ffpipe.Container, path string) (size int64, err error) {
	file, err := fs.Open(path)
	if err != nil {
		return 0, fmt.Errorf("truncate work file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, err := file.Size()
	if err != nil {
		return 0, fmt.Errorf("truncate work file: %w", err)
	}
	whole, err := wholeOf(c, file, end)
	if err != nil {
		return 0, fmt.Errorf("truncate work file: %w", err)
	}
	if whole == 0 {
		return 0, fmt.Errorf("truncate work file: %w", ErrEmpty)
	}
	if whole < end {
		if err := file.Truncate(whole); err != nil {
			return 0, fmt.Errorf("truncate work file: %w", err)
		}
	}
	// Also when nothing was cut: what a dead process appended may be unsynced.
	if err := file.Sync(); err != nil {
		return 0, fmt.Errorf("sync truncated work file: %w", err)
	}
	return whole, nil
}

// wholeOf returns where the last whole part of a work file ends, 0 if there is
// none.
func wholeOf(c ffpipe.Container, r io.ReaderAt, end int64) (int64, error) {
	switch c {
	case ffpipe.Ogg:
		pages, err := scanPages(r, end)
		return pages.end, err
	case ffpipe.MP3:
		frames, err := scanFrames(r, end)
		return frames.end, err
	case ffpipe.Matroska:
		clusters, err := scanClusters(r, end)
		if err != nil {
			return 0, err
		}
		return clusters.whole(r)
	}
	return wholeMP4(r, end)
}

// fragment is where one moof with its mdat stands.
type fragment struct{ data, end int64 }

// wholeMP4 returns where the last whole fragment ends, 0 if there is none.
func wholeMP4(r io.ReaderAt, end int64) (int64, error) {
	fragments, err := scanFragments(r, end)
	if err != nil || len(fragments) == 0 {
		return 0, err
	}
	// The size of a file can be on disk before its data is: pages that never
	// arrived are zeros, in boxes that look whole.
	last := fragments[len(fragments)-1].end
	for i, f := range fragments {
		if f.end <= last-unsynced {
			continue
		}
		tail := zeroTail
		if f.end == last {
			tail = zeroEnd
		}
		lost, err := hasLostPage(r, f.data, f.end, tail)
		if err != nil {
			return 0, err
		}
		if lost {
			fragments = fragments[:i]
			break
		}
	}
	if len(fragments) == 0 {
		return 0, nil
	}
	return fragments[len(fragments)-1].end, nil
}

// scanFragments walks the boxes up to the first that is not whole.
func scanFragments(r io.ReaderAt, end int64) ([]fragment, error) {
	var out []fragment
	var moofBytes int64
	haveInit, haveMoof := false, false
	for at := int64(0); at < end; {
		b, err := boxAt(r, at, end)
		if err == nil {
			switch b.kind {
			case "moov":
				err = checkMoov(r, b)
				haveInit = true
			case "moof":
				if !haveInit || haveMoof {
					return out, nil
				}
				moofBytes, err = checkMoof(r, b)
				haveMoof = true
			case "mdat":
				if !haveMoof || b.size-b.header < moofBytes {
					return out, nil
				}
				haveMoof = false
				out = append(out, fragment{b.payload(), b.end()})
			case "ftyp", "styp", "sidx", "prft", "emsg", "free", "skip", "uuid":
				// They belong to what follows, and are cut with it.
			default:
				return out, nil // damage, or mfra, which a shorter file must not keep
			}
		}
		if errors.Is(err, errDamaged) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		at = b.end()
	}
	return out, nil
}

func readHead(r io.ReaderAt, b box) ([]byte, error) {
	if b.size > maxHead {
		return nil, fmt.Errorf("%w: %q of %d bytes", errDamaged, b.kind, b.size)
	}
	data := make([]byte, b.size-b.header)
	if _, err := r.ReadAt(data, b.payload()); err != nil && len(data) > 0 {
		return nil, fmt.Errorf("read %q at %d: %w", b.kind, b.at, err)
	}
	return data, nil
}

func checkMoov(r io.ReaderAt, b box) error {
	data, err := readHead(r, b)
	if err != nil {
		return err
	}
	boxes, err := children(data)
	if err != nil {
		return err
	}
	tracks, fragmented := 0, false
	for _, c := range boxes {
		switch c.kind {
		case "trak":
			tracks++
		case "mvex":
			fragmented = true
		}
	}
	if tracks == 0 || !fragmented {
		return fmt.Errorf("%w: moov of no fragmented file", errDamaged)
	}
	return nil
}

func checkMoof(r io.ReaderAt, b box) (int64, error) {
	data, err := readHead(r, b)
	if err != nil {
		return 0, err
	}
	return sampleBytes(data)
}
