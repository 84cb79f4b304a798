package workfile

import (
	"fmt"
	"io"
)

const (
	// zeroRun is longer than any run of zeros in coded media: H.264 escapes
	// the third zero byte, and a whole AAC frame of two channels has at most
	// 1536 bytes (ISO/IEC 14496-3, 4.5.1.2).
	zeroRun = 2048
	// zeroTail at the end of an mdat is the start of a lost page: not even a
	// codec whose samples may end in 0 ends in so many.
	zeroTail = 16
	// zeroEnd is the same for the last fragment, where a page may be lost that
	// has only its last bytes. No H.264 or AAC sample ends in 0; of another
	// codec one fragment in 256 recoveries would be cut for nothing.
	zeroEnd = 1
)

// hasLostPage reports whether media in [from, to) has a hole of zeros, or ends in
// so many as tail.
func hasLostPage(r io.ReaderAt, from, to int64, tail int) (bool, error) {
	buf := make([]byte, 64<<10)
	run := 0
	for from < to {
		part := buf[:min(int64(len(buf)), to-from)]
		if _, err := r.ReadAt(part, from); err != nil {
			return false, fmt.Errorf("read media at %d: %w", from, err)
		}
		for _, b := range part {
			if b != 0 {
				run = 0
				continue
			}
			if run++; run >= zeroRun {
				return true, nil
			}
		}
		from += int64(len(part))
	}
	return run >= tail, nil
}
