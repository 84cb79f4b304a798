package matroska

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
)

// ParseCluster reads the data of a cluster. Blocks' Data are parts of b. Where the cluster has a checksum, as all that
// this package writes have, it must be right.
func ParseCluster(b []byte) ([]Block, error) {
	var blocks []Block
	var base uint64
	for first := true; len(b) > 0; first = false {
		h, data, rest, err := child(b)
		if err != nil {
			return nil, err
		}
		switch h.ID {
		case idCRC32:
			if !first || len(data) != crcSize || crc32.ChecksumIEEE(rest) != binary.LittleEndian.Uint32(data) {
				return nil, fmt.Errorf("%w: checksum", ErrDamaged)
			}
		case idTimestamp:
			if base, err = parseUint(data); err != nil {
				return nil, err
			}
			if base > uint64(maxTimestamp/time.Microsecond) {
				return nil, fmt.Errorf("%w: timestamp", ErrDamaged)
			}
		case idSimpleBlock:
			k, err := parseBlock(data, base)
			if err != nil {
				return nil, err
			}
			blocks = append(blocks, k)
		case idBlockGroup:
			k, err := parseGroup(data, base)
			if err != nil {
				return nil, err
			}
			blocks = append(blocks, k)
		}
		b = rest
	}
	return blocks, nil
}

// maxTimestamp keeps all that is computed with timestamps within a Duration.
const maxTimestamp = 1000 * 24 * time.Hour

// child splits off the element at the beginning of b.
func child(b []byte) (h Header, data, rest []byte, err error) {
	if h, err = ParseHeader(b); err != nil {
		return h, nil, nil, err
	}
	if h.Size < 0 || h.Size > int64(len(b))-h.Header {
		return h, nil, nil, fmt.Errorf("%w: cut off", ErrDamaged)
	}
	return h, b[h.Header:][:h.Size], b[h.Header+h.Size:], nil
}

func parseBlock(b []byte, base uint64) (Block, error) {
	number, n, err := varint(b, 8, false)
	if err != nil {
		return Block{}, err
	}
	if len(b) < n+3 || number == 0 || number > 126 {
		return Block{}, fmt.Errorf("%w: block", ErrDamaged)
	}
	offset := int16(binary.BigEndian.Uint16(b[n:]))
	return Block{
		Track: int(number),
		At:    time.Duration(int64(base)+int64(offset)) * time.Microsecond,
		Key:   b[n+2]&keyframe != 0,
		Data:  b[n+3:],
	}, nil
}

func parseGroup(b []byte, base uint64) (k Block, err error) {
	duration, key, found := uint64(0), true, false
	for len(b) > 0 {
		h, data, rest, err := child(b)
		if err != nil {
			return Block{}, err
		}
		switch h.ID {
		case idBlock:
			if k, err = parseBlock(data, base); err != nil {
				return Block{}, err
			}
			found = true
		case idBlockDuration:
			if duration, err = parseUint(data); err != nil || duration > uint64(maxTimestamp/time.Microsecond) {
				return Block{}, fmt.Errorf("%w: duration", ErrDamaged)
			}
		case idReferenceBlock:
			key = false
		}
		b = rest
	}
	if !found {
		return Block{}, fmt.Errorf("%w: group without a block", ErrDamaged)
	}
	k.Key, k.Duration = key, time.Duration(duration)*time.Microsecond
	return k, nil
}
