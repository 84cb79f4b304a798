package screen

import (
	"fmt"
	"math/bits"
)

// layout is how pixels lie in memory. Those that are not BGRx are looked up.
type layout struct {
	bytes       int      // of a pixel
	table       []uint32 // BGRx by pixel; nil when it is that already
	top, bottom []byte   // two rows made BGRx
}

// newLayout is an error for what has no fixed colours.
func newLayout(s *setup, width int) (layout, error) {
	if s.bigEndian || !s.trueColor {
		return layout{}, fmt.Errorf("depth %d: pixels have no fixed colours", s.depth)
	}
	if s.bits == 32 && s.red == 0xff0000 && s.green == 0xff00 && s.blue == 0xff {
		return layout{bytes: 4}, nil
	}
	if s.bits != 8 && s.bits != 16 {
		return layout{}, fmt.Errorf("depth %d: pixels of %d bits are unknown", s.depth, s.bits)
	}
	l := layout{
		bytes: s.bits / 8, table: make([]uint32, 1<<s.bits),
		top: make([]byte, 4*width), bottom: make([]byte, 4*width),
	}
	for p := range l.table {
		p := uint32(p)
		l.table[p] = channel(p, s.red)<<16 | channel(p, s.green)<<8 | channel(p, s.blue)
	}
	return l, nil
}

// channel stretches the bits of a mask to eight.
func channel(p, mask uint32) uint32 {
	if mask == 0 {
		return 0
	}
	shift := bits.TrailingZeros32(mask)
	full := mask >> shift
	return ((p&mask)>>shift*255 + full/2) / full
}

// pair gives two rows of BGRx.
func (l *layout) pair(top, bottom []byte, width int) (t, b []byte) {
	if l.table == nil {
		return top[:4*width], bottom[:4*width]
	}
	l.expand(l.top, top)
	l.expand(l.bottom, bottom)
	return l.top, l.bottom
}

func (l *layout) expand(dst, row []byte) {
	if l.bytes == 1 {
		for i := 0; i < len(dst)/4 && i < len(row); i++ {
			order.PutUint32(dst[4*i:], l.table[row[i]])
		}
		return
	}
	for i := 0; i < len(dst)/4 && i < len(row)/2; i++ {
		order.PutUint32(dst[4*i:], l.table[order.Uint16(row[2*i:])])
	}
}
