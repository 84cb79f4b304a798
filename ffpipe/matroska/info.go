package matroska

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// ErrNoDuration means that a file does not tell its length: it was not finished.
var ErrNoDuration = errors.New("no duration")

// Info tells the element that has the length of a file, which stands before its first cluster.
func (h Header) Info() bool { return h.ID == idInfo }

// ParseInfo reads the length from the data of that element.
func ParseInfo(b []byte) (time.Duration, error) {
	scale, ticks := uint64(time.Millisecond), 0.0
	for len(b) > 0 {
		h, data, rest, err := child(b)
		if err != nil {
			return 0, err
		}
		switch {
		case h.ID == idTimestampScale:
			if scale, err = parseUint(data); err != nil {
				return 0, err
			}
		case h.ID == idDuration && len(data) == 4:
			ticks = float64(math.Float32frombits(binary.BigEndian.Uint32(data)))
		case h.ID == idDuration && len(data) == 8:
			ticks = math.Float64frombits(binary.BigEndian.Uint64(data))
		}
		b = rest
	}
	d := ticks * float64(scale)
	switch {
	case ticks == 0:
		return 0, ErrNoDuration
	case !(d >= 0 && d < float64(maxTimestamp)): // it may be no number
		return 0, fmt.Errorf("%w: duration", ErrDamaged)
	}
	return time.Duration(d), nil
}
