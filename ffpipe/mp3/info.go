package mp3

import (
	"encoding/binary"
	"errors"
)

// The delays between what goes into an encoder and what comes out of a decoder,
// in samples. LAME's own is the same for all its settings, and every decoder of
// layer III adds 529.
const (
	EncoderDelay = 576
	DecoderDelay = 529
	// Delay is both: so many samples before the first one of the programme.
	Delay = EncoderDelay + DecoderDelay
)

// Info says what an Info frame tells of the frames that follow it.
type Info struct {
	Frames int64 // that follow
	Bytes  int64 // of them
	// Samples is how much of what they decode to is to be heard; 0 = all but
	// the delay.
	Samples int64
	// Sum is the CRC-16 of the frames' bytes, see Checksum.
	Sum uint16
}

// infoSize is that of the tag itself: Xing's part with all its fields, LAME's part.
const infoSize = 120 + 36

// noFrame says that no frame size holds the tag, which no header leads to.
var errNoFrame = errors.New("no frame holds the info tag")

// Frame makes the Info frame of a file whose frames are like h. It is a frame of
// silence to a decoder that does not know it. The layout is LAME's, "Mp3 Info
// Tag rev 1", http://gabriel.mp3-tech.org/mp3infotag.html.
func (i Info) Frame(h Header) ([]byte, error) {
	h, err := h.roomy(HeaderSize + h.sideInfo() + infoSize)
	if err != nil {
		return nil, err
	}
	b := make([]byte, h.Size())
	binary.BigEndian.PutUint32(b, h.bits)
	tag := b[HeaderSize+h.sideInfo():]
	total := i.Bytes + int64(len(b))
	copy(tag, "Info") // not Xing: the bit rate is constant
	binary.BigEndian.PutUint32(tag[4:], 0xf)
	binary.BigEndian.PutUint32(tag[8:], uint32(i.Frames))
	binary.BigEndian.PutUint32(tag[12:], uint32(total))
	for n := range 100 {
		tag[16+n] = byte(n * 256 / 100) // a constant bit rate: places are proportional
	}
	lame := tag[120:]
	copy(lame, "LAME3.100")
	lame[9] = 1 // constant bit rate
	lame[20] = byte(min(h.Bitrate, 255))
	padding := i.padding(h)
	lame[21] = EncoderDelay >> 4
	lame[22] = EncoderDelay<<4&0xf0 | byte(padding>>8)
	lame[23] = byte(padding)
	binary.BigEndian.PutUint32(lame[28:], uint32(total))
	binary.BigEndian.PutUint16(lame[32:], i.Sum)
	head := HeaderSize + h.sideInfo() + 120 + 34
	binary.BigEndian.PutUint16(lame[34:], Checksum(0, b[:head]))
	return b, nil
}

// padding is what a player leaves out at the end, beside the delay.
func (i Info) padding(h Header) int64 {
	all := i.Frames * h.Samples()
	if i.Samples <= 0 {
		return DecoderDelay
	}
	return min(max(all-EncoderDelay-i.Samples, DecoderDelay), 0xfff)
}

// roomy is the header of an unpadded frame without a checksum that has so many
// bytes, of h's bit rate or the next that has them.
func (h Header) roomy(size int) (Header, error) {
	for index := h.bits >> 12 & 15; index < 15; index++ {
		bits := h.bits&^(15<<12|1<<9) | index<<12 | 1<<16
		b := binary.BigEndian.AppendUint32(nil, bits)
		if wide, err := ParseHeader(b); err == nil && wide.Size() >= size {
			return wide, nil
		}
	}
	return Header{}, errNoFrame
}

// Checksum adds b to a CRC-16 (polynomial 0x8005, least significant bit first)
// that began with 0.
func Checksum(sum uint16, b []byte) uint16 {
	for _, v := range b {
		sum = sum>>8 ^ table[byte(sum)^v]
	}
	return sum
}

var table = func() (t [256]uint16) {
	for i := range t {
		r := uint16(i)
		for range 8 {
			if r&1 != 0 {
				r = r>>1 ^ 0xa001
			} else {
				r >>= 1
			}
		}
		t[i] = r
	}
	return t
}()
