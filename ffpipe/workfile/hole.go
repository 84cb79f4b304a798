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
	// zeroTail at the end of an mdat is the start of a lost page: the last
	// byte of an H.264 or AAC sample is never 0, and 16 are not in any codec.
	zeroTail = 16
)

// hasLostPage reports whether media in [from, to) has a hole of zeros.
func hasLostPage(r io.ReaderAt, from, to int64) (bool, error) {
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
	return run >= zeroTail, nil
}
