package mp3

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrDamaged is wrapped by every error about bytes that are no frame.
var ErrDamaged = errors.New("damaged mp3 frame")

// HeaderSize is how many bytes of a frame say what it is.
const HeaderSize = 4

// Header is what a frame's first four bytes tell.
type Header struct {
	bits    uint32
	low     bool // MPEG-2 or 2.5: half as many samples
	Bitrate int  // kb/s
	Rate    int  // Hz
	Mono    bool
}

// bitrates by index, kb/s, of MPEG-1 and of MPEG-2 and 2.5.
var bitrates = [2][15]int{
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

var rates = [3]int{44100, 48000, 32000}

// ParseHeader reads the header at the beginning of b. Anything but layer III
// with a bit rate is ErrDamaged: nothing else is asked of the encoder.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("%w: cut off", ErrDamaged)
	}
	h := Header{bits: binary.BigEndian.Uint32(b)}
	version, layer := h.bits>>19&3, h.bits>>17&3
	bitrate, rate := h.bits>>12&15, h.bits>>10&3
	if h.bits>>21 != 0x7ff || version == 1 || layer != 1 || bitrate == 0 || bitrate == 15 || rate == 3 {
		return Header{}, fmt.Errorf("%w: header %08x", ErrDamaged, h.bits)
	}
	h.Rate = rates[rate]
	switch version {
	case 2: // MPEG-2
		h.low, h.Rate = true, h.Rate/2
	case 0: // MPEG-2.5
		h.low, h.Rate = true, h.Rate/4
	}
	h.Bitrate = bitrates[h.row()][bitrate]
	h.Mono = h.bits>>6&3 == 3
	return h, nil
}

func (h Header) row() int {
	if h.low {
		return 1
	}
	return 0
}

// Samples is how many samples a frame has.
func (h Header) Samples() int64 {
	if h.low {
		return 576
	}
	return 1152
}

// Size is the frame's, header and all, in bytes.
func (h Header) Size() int {
	return int(h.Samples())/8*1000*h.Bitrate/h.Rate + int(h.bits>>9&1)
}

// Fits says whether frames of both headers can follow each other in a file.
func (h Header) Fits(other Header) bool {
	return h.Rate == other.Rate && h.low == other.low && h.Mono == other.Mono
}

// sideInfo is how many bytes follow the header before the main data.
func (h Header) sideInfo() int {
	switch {
	case h.low && h.Mono:
		return 9
	case h.low != h.Mono:
		return 17
	}
	return 32
}
