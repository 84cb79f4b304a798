package rtpfeed

import "fmt"

// Types of AV1 OBUs. AV1 bitstream specification, 6.2.2.
const (
	obuSequence  = 1
	obuDelimiter = 2
	obuHeader    = 3
	obuTileList  = 8
	obuFrame     = 6
)

// Bits of an OBU's first byte.
const (
	obuExtension = 0x04
	obuHasSize   = 0x02
)

// av1 is the RTP payload format for AV1, version 1.0.
type av1 struct{}

func obuType(obu []byte) int { return int(obu[0]>>3) & 0xf }

// head: in a packet that does not begin a coded video sequence it is not told whether OBUs before are missing, but a
// frame's header is where it goes on.
func (av1) head(payload []byte) bool {
	if len(payload) < 2 || payload[0]&0x80 != 0 {
		return false
	}
	if payload[0]&0x08 != 0 {
		return true
	}
	elements, err := obuElements(payload)
	if err != nil || len(elements) == 0 || len(elements[0]) == 0 {
		return false
	}
	switch obuType(elements[0]) {
	case obuSequence, obuDelimiter, obuHeader, obuFrame:
		return true
	}
	return false
}

func (av1) frame(packets []packet) (Unit, error) {
	var u Unit
	var fragment []byte
	for _, p := range packets {
		elements, err := obuElements(p.payload)
		if err != nil {
			return Unit{}, err
		}
		continued, continues := p.payload[0]&0x80 != 0, p.payload[0]&0x40 != 0
		if continued != (fragment != nil) {
			return Unit{}, fmt.Errorf("%w: torn OBU", errFrame)
		}
		for i, e := range elements {
			if i == 0 && continued {
				e = append(fragment, e...)
				fragment = nil
			}
			if i == len(elements)-1 && continues {
				fragment = append([]byte{}, e...)
				break
			}
			if err := u.addOBU(e); err != nil {
				return Unit{}, err
			}
		}
	}
	if fragment != nil || len(u.Parts) == 0 {
		return Unit{}, fmt.Errorf("%w: no whole OBU", errFrame)
	}
	u.readAV1()
	return u, nil
}

// readAV1 finds out whether decoding may begin with the unit.
func (u *Unit) readAV1() {
	sequence := false
	for _, obu := range u.Parts {
		body := obuBody(obu)
		switch obuType(obu) {
		case obuSequence:
			if s, err := parseSequence(body); err == nil {
				sequence = true
				u.Width, u.Height = s.width, s.height
			}
		case obuHeader, obuFrame:
			// show_existing_frame is 0 and frame_type is KEY_FRAME.
			u.Keyframe = sequence && len(body) > 0 && body[0]&0xe0 == 0
			if !u.Keyframe {
				u.Width, u.Height = 0, 0
			}
			return
		}
	}
	u.Width, u.Height = 0, 0
}

// obuBody is what follows the header of an OBU without size field.
func obuBody(obu []byte) []byte {
	if obu[0]&obuExtension != 0 && len(obu) > 1 {
		return obu[2:]
	}
	return obu[1:]
}

// addOBU takes an OBU without its size field. Delimiters and tile lists are no part of a stream over RTP.
func (u *Unit) addOBU(obu []byte) error {
	if len(obu) == 0 {
		return nil
	}
	switch obuType(obu) {
	case obuDelimiter, obuTileList:
		return nil
	}
	head := 1
	if obu[0]&obuExtension != 0 {
		head = 2
	}
	if len(obu) < head {
		return fmt.Errorf("%w: OBU of %d bytes", errFrame, len(obu))
	}
	if obu[0]&obuHasSize != 0 {
		size, n, err := leb128(obu[head:])
		if err != nil {
			return err
		}
		if size > len(obu)-head-n {
			return fmt.Errorf("%w: OBU of %d bytes", errFrame, size)
		}
		bare := append(make([]byte, 0, head+size), obu[:head]...)
		bare[0] &^= obuHasSize
		obu = append(bare, obu[head+n:][:size]...)
	}
	u.Parts = append(u.Parts, obu)
	return nil
}

// obuElements splits a payload at its OBU elements, the first and last of which may be fragments.
func obuElements(payload []byte) ([][]byte, error) {
	if len(payload) < 2 {
		return nil, fmt.Errorf("%w: AV1 of %d bytes", errFrame, len(payload))
	}
	var elements [][]byte
	count := int(payload[0]>>4) & 3
	for b := payload[1:]; len(b) > 0; {
		size := len(b)
		if count == 0 || len(elements) < count-1 {
			n, m, err := leb128(b)
			if err != nil {
				return nil, err
			}
			if b = b[m:]; n > len(b) {
				return nil, fmt.Errorf("%w: OBU element of %d bytes", errFrame, n)
			}
			size = n
		}
		elements = append(elements, b[:size:size])
		b = b[size:]
	}
	if count != 0 && len(elements) != count {
		return nil, fmt.Errorf("%w: %d OBU elements of %d", errFrame, len(elements), count)
	}
	return elements, nil
}

// leb128 reads a size. AV1 bitstream specification, 4.10.5; more than four bytes are no size of what is in packets.
func leb128(b []byte) (v, n int, err error) {
	for n < len(b) && n < 4 {
		v |= int(b[n]&0x7f) << (7 * n)
		if n++; b[n-1]&0x80 == 0 {
			return v, n, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: size", errFrame)
}

func appendLEB128(b []byte, v int) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}
