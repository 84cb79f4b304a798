package ogg

import (
	"encoding/binary"
	"fmt"
)

// PreSkip reads an OpusHead packet: how many 48 kHz samples a player throws
// away at the beginning. RFC 7845, 5.1.
func PreSkip(head []byte) (int64, error) {
	if len(head) < 19 || string(head[:8]) != "OpusHead" || head[8]>>4 != 0 {
		return 0, fmt.Errorf("%w: no OpusHead", ErrDamaged)
	}
	return int64(binary.LittleEndian.Uint16(head[10:])), nil
}

// Samples is how long an Opus packet is at 48 kHz; 0 for what is no packet.
// RFC 6716, 3.1.
func Samples(packet []byte) int64 {
	if len(packet) == 0 {
		return 0
	}
	config := packet[0] >> 3
	var frame int64
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = [...]int64{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		frame = [...]int64{480, 960}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = 120 << (config & 3)
	}
	switch packet[0] & 3 {
	case 0:
		return frame
	case 1, 2:
		return 2 * frame
	}
	if len(packet) < 2 {
		return 0
	}
	return frame * int64(packet[1]&63)
}
