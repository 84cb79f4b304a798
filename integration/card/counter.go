package card

// Loop is how many frames a card counts before it starts again at 0. It is
// what one piece of material holds: 20 s at 30 fps.
const Loop = 600

const (
	idBits    = 4
	frameBits = 10
	crcBits   = 6
)

// IDs is how many participants the counter strip can tell apart.
const IDs = 1 << idBits

// encode packs participant and frame number with a 6-bit CRC.
func encode(id, frame int) uint32 {
	v := uint32(id%IDs)<<frameBits | uint32(frame%Loop)
	return v<<crcBits | crc6(v)
}

// decode undoes encode; ok is false when the check or the range fails.
func decode(bits uint32) (id, frame int, ok bool) {
	v := bits >> crcBits
	if crc6(v) != bits&(1<<crcBits-1) {
		return 0, 0, false
	}
	id, frame = int(v>>frameBits), int(v&(1<<frameBits-1))
	return id, frame, frame < Loop
}

// crc6 is the ITU-T G.704 polynomial x^6+x+1 over the 14 payload bits,
// starting from ones so that an all-black strip is no valid reading.
func crc6(v uint32) uint32 {
	crc := uint32(0x3f)
	for i := idBits + frameBits - 1; i >= 0; i-- {
		top := crc>>5&1 ^ v>>uint(i)&1
		crc = crc << 1 & 0x3f
		if top == 1 {
			crc ^= 0x03
		}
	}
	return crc
}
