package screen

import (
	"encoding/binary"
	"math"
)

// The picture is BT.709 in limited range (ITU-T H.273: K_R 0.2126, K_B 0.0722;
// luma 16…235, chroma 16…240). Luma sums have 16 binary digits behind the
// point, chroma sums 32.
const (
	// 219/255 of the weights; green's makes the sum that of white.
	lumaR, lumaB = uint64(11966), uint64(4064)
	lumaG        = uint64(56284) - lumaR - lumaB
	lumaZero     = 16<<16 + 1<<15

	// Chroma is the distance of a colour from the luma, of four pixels:
	// 224/255/(2−2K)/4 of the colour less 224/219/(2−2K)/4 of the luma.
	chromaU, chromaUY = int64(508303785), int64(9031)
	chromaV, chromaVY = int64(598938598), int64(10641)
	chromaMid         = int64(128)<<32 + 1<<31

	lanes    = uint64(0xff_0000_00ff)
	bothZero = uint64(lumaZero<<32 | lumaZero)
)

// luma does two pixels at once, one in each half.
func luma(p uint64) (y, r, b uint64) {
	r, b = p>>16&lanes, p&lanes
	return r*lumaR + p>>8&lanes*lumaG + b*lumaB + bothZero, r, b
}

// square is one chroma sample: two pixels of each of two rows.
func square(y, r, b uint64) (u, v byte) {
	// The two halves' sums; the halves cannot overflow.
	luma4 := int64(y>>32) + int64(uint32(y)) - 4*lumaZero
	r4, b4 := int64(r>>32+r)&math.MaxUint32, int64(b>>32+b)&math.MaxUint32
	return byte((b4*chromaU - luma4*chromaUY + chromaMid) >> 32),
		byte((r4*chromaV - luma4*chromaVY + chromaMid) >> 32)
}

// convertRows makes two rows of luma and one of each chroma from two rows of
// BGRx. The number of pixels is even; what is longer than the shortest row is
// left alone.
func convertRows(y0, y1, u, v, top, bottom []byte) {
	for len(top) >= 16 && len(bottom) >= 16 && len(y0) >= 4 && len(y1) >= 4 && len(u) >= 2 && len(v) >= 2 {
		ta, ra, ba := luma(binary.LittleEndian.Uint64(top))
		tb, rb, bb := luma(binary.LittleEndian.Uint64(top[8:]))
		la, rc, bc := luma(binary.LittleEndian.Uint64(bottom))
		lb, rd, bd := luma(binary.LittleEndian.Uint64(bottom[8:]))
		binary.LittleEndian.PutUint32(y0, pack(ta)|pack(tb)<<16)
		binary.LittleEndian.PutUint32(y1, pack(la)|pack(lb)<<16)
		u[0], v[0] = square(ta+la, ra+rc, ba+bc)
		u[1], v[1] = square(tb+lb, rb+rd, bb+bd)
		top, bottom, y0, y1, u, v = top[16:], bottom[16:], y0[4:], y1[4:], u[2:], v[2:]
	}
	if len(top) >= 8 && len(bottom) >= 8 && len(y0) >= 2 && len(y1) >= 2 && len(u) >= 1 && len(v) >= 1 {
		t, ra, ba := luma(binary.LittleEndian.Uint64(top))
		l, rb, bb := luma(binary.LittleEndian.Uint64(bottom))
		binary.LittleEndian.PutUint16(y0, uint16(pack(t)))
		binary.LittleEndian.PutUint16(y1, uint16(pack(l)))
		u[0], v[0] = square(t+l, ra+rb, ba+bb)
	}
}

// pack gives the two bytes of luma.
func pack(y uint64) uint32 { return uint32(y>>16)&0xff | uint32(y>>40)&0xff00 }
