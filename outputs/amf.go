package outputs

import (
	"encoding/binary"
	"math"
)

// maxAMFDepth bounds objects in objects.
const maxAMFDepth = 8

// amfReader reads values of AMF0 (Adobe, 2007). At the first that it cannot read it is bad and gives nothing more.
type amfReader struct {
	b   []byte
	bad bool
}

// value reads one value: a float64, a string, a bool, or nil for all else. The members of an outermost object are
// told to visit.
func (r *amfReader) value(depth int, visit func(key string, value any)) any {
	kind := r.take(1)
	if r.bad {
		return nil
	}
	switch kind[0] {
	case 0x00: // number
		return math.Float64frombits(r.number(8))
	case 0x01: // boolean
		return r.number(1) != 0
	case 0x02: // string
		return string(r.take(int(r.number(2))))
	case 0x0c: // long string
		return string(r.take(int(r.number(4))))
	case 0x03: // object
		r.members(depth, visit)
	case 0x08: // ECMA array
		r.take(4)
		r.members(depth, visit)
	case 0x0a: // strict array
		for range r.number(4) {
			if r.bad || depth >= maxAMFDepth {
				r.bad = true
				break
			}
			r.value(depth+1, nil)
		}
	case 0x0b: // date
		r.take(10)
	case 0x05, 0x06: // null, undefined
	default:
		r.bad = true
	}
	return nil
}

func (r *amfReader) members(depth int, visit func(string, any)) {
	if depth >= maxAMFDepth {
		r.bad = true
		return
	}
	for !r.bad {
		key := string(r.take(int(r.number(2))))
		if r.bad {
			return
		}
		if key == "" && len(r.b) > 0 && r.b[0] == 0x09 { // the end
			r.b = r.b[1:]
			return
		}
		value := r.value(depth+1, nil)
		if visit != nil && !r.bad {
			visit(key, value)
		}
	}
}

func (r *amfReader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	part := r.b[:n]
	r.b = r.b[n:]
	return part
}

// number reads a big-endian number of n bytes.
func (r *amfReader) number(n int) uint64 {
	b := r.take(n)
	if r.bad {
		return 0
	}
	var full [8]byte
	copy(full[8-n:], b)
	return binary.BigEndian.Uint64(full[:])
}
