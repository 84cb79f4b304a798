package workfile

import (
	"encoding/binary"
	"fmt"
)

// Flags of tfhd and trun (ISO/IEC 14496-12, 8.8.7 and 8.8.8).
const (
	tfhdBaseDataOffset = 0x000001
	tfhdDescription    = 0x000002
	tfhdDuration       = 0x000008
	tfhdSize           = 0x000010
	trunDataOffset     = 0x000001
	trunFirstFlags     = 0x000004
	trunDuration       = 0x000100
	trunSize           = 0x000200
	trunFlags          = 0x000400
	trunComposition    = 0x000800
)

// sampleBytes checks a moof's payload and returns how many bytes of media its
// samples have, as far as the moof itself tells.
func sampleBytes(moof []byte) (int64, error) {
	boxes, err := children(moof)
	if err != nil {
		return 0, err
	}
	var total int64
	heads, trafs := 0, 0
	for _, b := range boxes {
		switch b.kind {
		case "mfhd":
			heads++
		case "traf":
			trafs++
			n, err := trafBytes(b.data)
			if err != nil {
				return 0, err
			}
			total += n
		}
	}
	if heads != 1 || trafs == 0 {
		return 0, fmt.Errorf("%w: moof without head or tracks", errDamaged)
	}
	return total, nil
}

func trafBytes(traf []byte) (int64, error) {
	boxes, err := children(traf)
	if err != nil {
		return 0, err
	}
	var total int64
	defaultSize, seen := uint32(0), false
	for _, b := range boxes {
		switch b.kind {
		case "tfhd":
			if defaultSize, err = tfhdDefaultSize(b.data); err != nil {
				return 0, err
			}
			seen = true
		case "trun":
			n, err := trunBytes(b.data, defaultSize)
			if err != nil {
				return 0, err
			}
			total += n
		}
	}
	if !seen {
		return 0, fmt.Errorf("%w: traf without tfhd", errDamaged)
	}
	return total, nil
}

// tfhdDefaultSize is 0 when the track's default is not given here.
func tfhdDefaultSize(b []byte) (uint32, error) {
	if len(b) < 8 {
		return 0, fmt.Errorf("%w: short tfhd", errDamaged)
	}
	flags := binary.BigEndian.Uint32(b) & 0xffffff
	at := 8
	for _, f := range []struct {
		flag uint32
		size int
	}{{tfhdBaseDataOffset, 8}, {tfhdDescription, 4}, {tfhdDuration, 4}} {
		if flags&f.flag != 0 {
			at += f.size
		}
	}
	if flags&tfhdSize == 0 {
		return 0, nil
	}
	if len(b) < at+4 {
		return 0, fmt.Errorf("%w: short tfhd", errDamaged)
	}
	return binary.BigEndian.Uint32(b[at:]), nil
}

func trunBytes(b []byte, defaultSize uint32) (int64, error) {
	if len(b) < 8 {
		return 0, fmt.Errorf("%w: short trun", errDamaged)
	}
	flags := binary.BigEndian.Uint32(b) & 0xffffff
	count := int64(binary.BigEndian.Uint32(b[4:]))
	at := 8
	for _, flag := range []uint32{trunDataOffset, trunFirstFlags} {
		if flags&flag != 0 {
			at += 4
		}
	}
	entry, sizeAt := int64(0), int64(0)
	for _, flag := range []uint32{trunDuration, trunSize, trunFlags, trunComposition} {
		if flag == trunSize {
			sizeAt = entry
		}
		if flags&flag != 0 {
			entry += 4
		}
	}
	if int64(len(b)-at) != count*entry || len(b) < at {
		return 0, fmt.Errorf("%w: trun of %d samples in %d bytes", errDamaged, count, len(b))
	}
	if flags&trunSize == 0 {
		return count * int64(defaultSize), nil
	}
	var total int64
	for i := range count {
		total += int64(binary.BigEndian.Uint32(b[int64(at)+i*entry+sizeAt:]))
	}
	return total, nil
}
