package ogg

// table is for the checksum of RFC 3533, 6: polynomial 0x04c11db7, most
// significant bit first, which hash/crc32 does not have.
var table = func() (t [256]uint32) {
	for i := range t {
		r := uint32(i) << 24
		for range 8 {
			if r&0x80000000 != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		t[i] = r
	}
	return t
}()

// checksum is that of a page, whose own four bytes of checksum count as zero.
func checksum(page []byte) uint32 {
	var sum uint32
	for i, b := range page {
		if i >= 22 && i < 26 {
			b = 0
		}
		sum = sum<<8 ^ table[byte(sum>>24)^b]
	}
	return sum
}
