package ffpipe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Progress is one block of ffmpeg's -progress output. What ffmpeg reports as
// N/A is zero.
type Progress struct {
	Frame     int64         // frames encoded
	FPS       float64       // frames encoded per second of wall time
	OutTime   time.Duration // media time written
	TotalSize int64         // bytes written
	Speed     float64       // media time per wall time
	Dup, Drop int64         // frames repeated and dropped by ffmpeg itself
	End       bool          // the last block
}

// maxProgressLine is far above any line that ffmpeg writes.
const maxProgressLine = 4 << 10

// ReadProgress reads key=value blocks until r ends and calls on after each
// block's progress= line. Lines it cannot read are skipped: progress is a
// display, and no reason to end a recording. The error is r's, nil at its end.
func ReadProgress(r io.Reader, on func(Progress)) error {
	br := bufio.NewReaderSize(r, maxProgressLine)
	var p Progress
	for {
		line, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue // its rest is no key=value line, or one of no key we know
		}
		if key, value, ok := strings.Cut(strings.TrimSpace(string(line)), "="); ok {
			if p.set(strings.TrimSpace(key), strings.TrimSpace(value)) {
				on(p)
				p = Progress{}
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read progress: %w", err)
		}
	}
}

// set takes one line and reports whether it ended the block.
func (p *Progress) set(key, value string) (whole bool) {
	switch key {
	case "frame":
		p.Frame = count(value)
	case "fps":
		p.FPS = ratio(value)
	case "out_time_us":
		us := count(value)
		if us <= math.MaxInt64/int64(time.Microsecond) {
			p.OutTime = time.Duration(us) * time.Microsecond
		}
	case "total_size":
		p.TotalSize = count(value)
	case "speed":
		p.Speed = ratio(strings.TrimSuffix(value, "x"))
	case "dup_frames":
		p.Dup = count(value)
	case "drop_frames":
		p.Drop = count(value)
	case "progress":
		p.End = value == "end"
		return true
	}
	return false
}

// count reads a non-negative integer; anything else is 0. Before the first
// packet ffmpeg writes out_time_us as N/A or as a huge negative number.
func count(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// ratio reads a finite non-negative number; anything else is 0.
func ratio(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		return 0
	}
	return f
}
