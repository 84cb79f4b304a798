package workfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// errDamaged marks what is not, or not wholly, a box.
var errDamaged = errors.New("damaged box")

// box is the place of one ISO BMFF box (ISO/IEC 14496-12, 4.2).
type box struct {
	kind   string
	at     int64 // of its header
	header int64 // bytes of header: 8, or 16 with a 64-bit size
	size   int64 // header and payload
}

func (b box) payload() int64 { return b.at + b.header }
func (b box) end() int64     { return b.at + b.size }

// boxAt reads the header at off of a box that must end at or before end. Size 0
// ("to the end of the file") counts as damage: nothing that appends writes it,
// and a hole in a file looks like it.
func boxAt(r io.ReaderAt, off, end int64) (box, error) {
	var h [16]byte
	if end-off < 8 {
		return box{}, fmt.Errorf("%w: header at %d", errDamaged, off)
	}
	if _, err := r.ReadAt(h[:8], off); err != nil {
		return box{}, fmt.Errorf("read box header at %d: %w", off, err)
	}
	b := box{kind: string(h[4:8]), at: off, header: 8, size: int64(binary.BigEndian.Uint32(h[:4]))}
	if b.size == 1 {
		if end-off < 16 {
			return box{}, fmt.Errorf("%w: header at %d", errDamaged, off)
		}
		if _, err := r.ReadAt(h[8:], off+8); err != nil {
			return box{}, fmt.Errorf("read box header at %d: %w", off, err)
		}
		large := binary.BigEndian.Uint64(h[8:])
		if large > 1<<62 {
			return box{}, fmt.Errorf("%w: size at %d", errDamaged, off)
		}
		b.header, b.size = 16, int64(large)
	}
	if b.size < b.header || b.size > end-off {
		return box{}, fmt.Errorf("%w: size of %q at %d", errDamaged, b.kind, off)
	}
	return b, nil
}

// child is one box inside a container that is held in memory.
type child struct {
	kind string
	data []byte // payload
}

// children splits a container's payload, which they must fill exactly.
func children(data []byte) ([]child, error) {
	var out []child
	for len(data) > 0 {
		if len(data) < 8 {
			return nil, fmt.Errorf("%w: rest in container", errDamaged)
		}
		size := uint64(binary.BigEndian.Uint32(data))
		if size < 8 || size > uint64(len(data)) {
			return nil, fmt.Errorf("%w: size in container", errDamaged)
		}
		out = append(out, child{string(data[4:8]), data[8:size]})
		data = data[size:]
	}
	return out, nil
}
