package outputs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrMalformed is wrapped by every error about bytes that are not the fMP4, Ogg
// or MP3 that the encoder is asked for.
var ErrMalformed = errors.New("malformed encoder output")

// Limits of what one box may hold. An encoder's fragment lasts half a second;
// these allow a hundred times more than that ever is.
const (
	maxHeaderBox = 4 << 20  // ftyp, moov, moof
	maxMediaBox  = 64 << 20 // mdat
)

type boxKind string

// boxReader cuts a stream of ISO BMFF boxes into units: the init segment
// (ftyp+moov) and fragments (moof+mdat). Other top-level boxes are dropped.
type boxReader struct {
	r      io.Reader
	header [16]byte
}

func newBoxReader(r io.Reader) *boxReader { return &boxReader{r: r} }

// next returns the next unit. The error is io.EOF at the end of the stream
// between two boxes, io.ErrUnexpectedEOF inside a unit, ErrMalformed, or what
// the reader returned.
func (b *boxReader) next() (unit, error) {
	var u unit
	var buf bytes.Buffer
	for {
		kind, header, size, err := b.readHeader()
		if err != nil {
			if err == io.EOF && buf.Len() > 0 {
				err = io.ErrUnexpectedEOF
			}
			return unit{}, err
		}
		limit := int64(maxHeaderBox)
		switch kind {
		case "ftyp", "moof":
			if buf.Len() > 0 {
				return unit{}, fmt.Errorf("%w: %q where the unit should go on", ErrMalformed, kind)
			}
		case "moov": // some muxers leave ftyp out
			if u.head != nil {
				return unit{}, fmt.Errorf("%w: moov inside a fragment", ErrMalformed)
			}
		case "mdat":
			if u.head == nil {
				return unit{}, fmt.Errorf("%w: mdat without moof", ErrMalformed)
			}
			limit = maxMediaBox
		default:
			if buf.Len() > 0 {
				return unit{}, fmt.Errorf("%w: %q inside a unit", ErrMalformed, kind)
			}
			if _, err := io.CopyN(io.Discard, b.r, size); err != nil {
				return unit{}, eofInside(err)
			}
			continue
		}
		if size > limit {
			return unit{}, fmt.Errorf("%w: %q of %d bytes", ErrMalformed, kind, size)
		}
		start := buf.Len()
		buf.Write(header)
		if err := readPayload(&buf, b.r, size); err != nil {
			return unit{}, eofInside(err)
		}
		payload := buf.Bytes()[start+len(header):]
		switch kind {
		case "moov":
			return unit{init: true, data: buf.Bytes(), head: payload}, nil
		case "moof":
			u.head = payload
		case "mdat":
			data := buf.Bytes()
			// The buffer may have moved since moof was read.
			return unit{data: data, head: data[start-len(u.head) : start]}, nil
		}
	}
}

// readHeader reads one box header and returns its bytes and the payload's size.
func (b *boxReader) readHeader() (kind boxKind, header []byte, size int64, err error) {
	h := b.header[:8]
	if _, err := io.ReadFull(b.r, h); err != nil {
		return "", nil, 0, err // io.EOF when nothing was there
	}
	total := uint64(binary.BigEndian.Uint32(h))
	if total == 1 {
		h = b.header[:16]
		if _, err := io.ReadFull(b.r, h[8:]); err != nil {
			return "", nil, 0, eofInside(err)
		}
		total = binary.BigEndian.Uint64(h[8:])
	}
	kind = boxKind(h[4:8])
	if total < uint64(len(h)) || total > 1<<62 {
		return "", nil, 0, fmt.Errorf("%w: %q says it is %d bytes", ErrMalformed, kind, total)
	}
	return kind, h, int64(total) - int64(len(h)), nil
}

// readPayload appends n bytes of r. It makes room only for what it has seen
// coming, so that a lie about the size costs little.
func readPayload(buf *bytes.Buffer, r io.Reader, n int64) error {
	const step = 1 << 20
	for n > 0 {
		part := min(n, step)
		buf.Grow(int(part))
		room := buf.AvailableBuffer()[:part]
		if _, err := io.ReadFull(r, room); err != nil {
			return err
		}
		buf.Write(room)
		n -= part
	}
	return nil
}

func eofInside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// eachBox calls f for the boxes inside a payload, in order. The bodies are parts
// of b: writing to them changes b.
func eachBox(b []byte, f func(kind boxKind, body []byte) error) error {
	for len(b) > 0 {
		if len(b) < 8 {
			return fmt.Errorf("%w: %d stray bytes", ErrMalformed, len(b))
		}
		size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		if size == 1 && len(b) >= 16 {
			size, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		kind := boxKind(b[4:8])
		if size < head || size > uint64(len(b)) {
			return fmt.Errorf("%w: %q says it is %d of %d bytes", ErrMalformed, kind, size, len(b))
		}
		if err := f(kind, b[head:size:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// fields reads big-endian numbers one after the other; past the end it gives
// zeros and remembers that it did.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if len(f.b) < n {
		f.short, f.b = true, nil
		return make([]byte, n)
	}
	part := f.b[:n:n]
	f.b = f.b[n:]
	return part
}

func (f *fields) u32() uint32 { return binary.BigEndian.Uint32(f.take(4)) }
func (f *fields) u64() uint64 { return binary.BigEndian.Uint64(f.take(8)) }

// versioned reads a 32-bit number in version 0 and a 64-bit one in version 1.
func (f *fields) versioned(version uint32) uint64 {
	if version == 1 {
		return f.u64()
	}
	return uint64(f.u32())
}

// full reads the version and flags of a full box.
func (f *fields) full() (version, flags uint32) {
	v := f.u32()
	return v >> 24, v & 0xffffff
}

func (f *fields) err(kind boxKind) error {
	if f.short {
		return fmt.Errorf("%w: %q too short", ErrMalformed, kind)
	}
	return nil
}
