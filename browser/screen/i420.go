package screen

import (
	"encoding/binary"
	"unsafe"
)

// The picture is BT.709 in limited range (ITU-T H.273: K_R 0.2126, K_B 0.0722;
// luma 16…235, chroma 16…240). A word holds two pixels, or two chroma samples,
// one in each half, and one multiplication does both; no half ever overflows.
const (
	low  = uint64(0xffff_ffff)
	ones = uint64(0x1_0000_0001) // times a constant: that in both halves

	bytesOf  = 0xff * ones
	shortsOf = 0xffff * ones

	// Luma sums have 16 binary digits behind the point: 219/255 of the weights;
	// green's makes the sum that of white.
	lumaR, lumaB = uint64(11966), uint64(4064)
	lumaG        = uint64(56284) - lumaR - lumaB
	lumaZero     = 16<<16 + 1<<15

	// Chroma is a colour's distance from the luma, of four pixels: 224/255/(2−2K)/4
	// of the colour less 224/219/(2−2K)/4 of the luma, which comes with 6 digits
	// behind the point. Sums have 23.
	chromaU, chromaUY = uint64(992781), uint64(18062)
	chromaV, chromaVY = uint64(1169802), uint64(21283)
	chromaZero        = 128<<23 + 1<<22
	chromaUZero       = (chromaZero + 4*lumaZero>>10*chromaUY) * ones
	chromaVZero       = (chromaZero + 4*lumaZero>>10*chromaVY) * ones
)

// luma makes that of two pixels, blue in the lowest byte of each.
func luma(p uint64) uint64 {
	return p>>16&bytesOf*lumaR + p>>8&bytesOf*lumaG + p&bytesOf*lumaB + lumaZero*ones
}

// fold adds the two halves of each: a's to the lower half, b's to the upper.
func fold(a, b uint64) uint64 { return (a+a>>32)&low | (b+b<<32)&^low }

// chroma makes two samples from the sums of four lumas each, and of four blues
// (lower 16 bits of a half) and reds (upper).
func chroma(y, rb uint64) (u, v uint64) {
	y = y >> 10 & shortsOf
	return (rb&shortsOf*chromaU + chromaUZero - y*chromaUY) >> 23 & bytesOf,
		(rb>>16&shortsOf*chromaV + chromaVZero - y*chromaVY) >> 23 & bytesOf
}

// colours leaves blue and red.
func colours(p uint64) uint64 { return p & (0xff00ff * ones) }

// pack4 gives four bytes of luma, pack2 two of chroma.
func pack4(a, b uint64) uint32 {
	m := a>>16&bytesOf | b&(bytesOf<<16)
	return uint32(m | m>>24)
}

func pack2(c uint64) uint16 { return uint16(c | c>>24) }

// convertRows makes two rows of luma and one of each chroma from two rows of
// BGRx. The number of pixels is even; what is longer than the shortest row is
// left alone.
func convertRows(y0, y1, u, v, top, bottom []byte) {
	n := min(len(top)/16, len(bottom)/16, len(y0)/4, len(y1)/4, len(u)/2, len(v)/2)
	if n > 0 {
		convertQuads(cast[uint32](y0, n), cast[uint32](y1, n), cast[uint16](u, n), cast[uint16](v, n),
			cast[[2]uint64](top, n), cast[[2]uint64](bottom, n))
	}
	top, bottom, y0, y1, u, v = top[16*n:], bottom[16*n:], y0[4*n:], y1[4*n:], u[2*n:], v[2*n:]
	if len(top) >= 8 && len(bottom) >= 8 && len(y0) >= 2 && len(y1) >= 2 && len(u) >= 1 && len(v) >= 1 {
		a, b := binary.LittleEndian.Uint64(top), binary.LittleEndian.Uint64(bottom)
		la, lb := luma(a), luma(b)
		binary.LittleEndian.PutUint16(y0, uint16(pack4(la, 0)))
		binary.LittleEndian.PutUint16(y1, uint16(pack4(lb, 0)))
		cu, cv := chroma(fold(la+lb, 0), fold(colours(a)+colours(b), 0))
		u[0], v[0] = byte(cu), byte(cv)
	}
}

// cast sees a row as whole words: with slices of bytes the loop over them would
// be twice as slow. b must have n words. Words are little-endian, as pixels are
// asked for and as all machines with a Chromium are.
func cast[W uint16 | uint32 | [2]uint64](b []byte, n int) []W {
	return unsafe.Slice((*W)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// convertQuads does four pixels of each row at a time.
func convertQuads(y0, y1 []uint32, u, v []uint16, top, bottom [][2]uint64) {
	n := len(top)
	y0, y1, u, v, bottom = y0[:n], y1[:n], u[:n], v[:n], bottom[:n]
	for i := range top {
		a, b, c, d := top[i][0], top[i][1], bottom[i][0], bottom[i][1]
		la, lb, lc, ld := luma(a), luma(b), luma(c), luma(d)
		y0[i], y1[i] = pack4(la, lb), pack4(lc, ld)
		cu, cv := chroma(fold(la+lc, lb+ld), fold(colours(a)+colours(c), colours(b)+colours(d)))
		u[i], v[i] = pack2(cu), pack2(cv)
	}
}
