package ogg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrDamaged is wrapped by every error about bytes that are not a whole page.
var ErrDamaged = errors.New("damaged ogg page")

// Flags of a page. RFC 3533, 6.
const (
	Continued = 1 << iota // begins with the rest of a packet
	First                 // of its logical stream
	Last
)

const (
	headerSize  = 27
	maxSegments = 255
	// MaxPage is what a page can have at most, in bytes.
	MaxPage = headerSize + maxSegments + maxSegments*255
)

// Page is one page of whole packets.
type Page struct {
	Flags    byte
	Granule  int64 // of Opus: 48 kHz samples to the page's end, pre-skip included
	Serial   uint32
	Sequence uint32
	Packets  [][]byte
	// Open says that the last packet goes on in the next page. It is then left
	// out of Packets, as is the rest of one that a Continued page begins with.
	Open bool
}

// Parse reads the page at the beginning of b and tells its size. A page that b
// does not hold wholly is ErrDamaged. Packets are parts of b.
func Parse(b []byte) (p Page, size int, err error) {
	if len(b) < headerSize || string(b[:4]) != "OggS" || b[4] != 0 {
		return Page{}, 0, fmt.Errorf("%w: no header", ErrDamaged)
	}
	segments := int(b[26])
	if len(b) < headerSize+segments {
		return Page{}, 0, fmt.Errorf("%w: cut off", ErrDamaged)
	}
	lacing := b[headerSize : headerSize+segments]
	size = headerSize + segments
	at := size
	for _, n := range lacing {
		size += int(n)
	}
	if len(b) < size {
		return Page{}, 0, fmt.Errorf("%w: cut off", ErrDamaged)
	}
	if sum := checksum(b[:size]); sum != binary.LittleEndian.Uint32(b[22:]) {
		return Page{}, 0, fmt.Errorf("%w: checksum", ErrDamaged)
	}
	p = Page{
		Flags:    b[5],
		Granule:  int64(binary.LittleEndian.Uint64(b[6:])),
		Serial:   binary.LittleEndian.Uint32(b[14:]),
		Sequence: binary.LittleEndian.Uint32(b[18:]),
	}
	from, rest := at, p.Flags&Continued != 0
	for _, n := range lacing {
		at += int(n)
		if n == 255 {
			continue
		}
		if !rest {
			p.Packets = append(p.Packets, b[from:at:at])
		}
		from, rest = at, false
	}
	p.Open = from < at
	return p, size, nil
}

// Append adds the page to b. It does not write what is Open; more than 255
// segments of packets are the caller's mistake and told.
func (p *Page) Append(b []byte) ([]byte, error) {
	start := len(b)
	b = append(b, "OggS\x00"...)
	b = append(b, p.Flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(p.Granule))
	b = binary.LittleEndian.AppendUint32(b, p.Serial)
	b = binary.LittleEndian.AppendUint32(b, p.Sequence)
	b = append(b, 0, 0, 0, 0, 0)
	segments := 0
	for _, packet := range p.Packets {
		for n := len(packet); ; n -= 255 {
			segments++
			b = append(b, byte(min(n, 255)))
			if n < 255 {
				break
			}
		}
	}
	if segments > maxSegments {
		return b[:start], fmt.Errorf("ogg page of %d segments", segments)
	}
	b[start+26] = byte(segments)
	for _, packet := range p.Packets {
		b = append(b, packet...)
	}
	binary.LittleEndian.PutUint32(b[start+22:], checksum(b[start:]))
	return b, nil
}

// Read reads one page from r, in a buffer of its own. The error is io.EOF where
// nothing was left, io.ErrUnexpectedEOF inside a page, ErrDamaged, or what r
// returned.
func Read(r io.Reader) (Page, []byte, error) {
	head := make([]byte, headerSize+maxSegments)
	if _, err := io.ReadFull(r, head[:headerSize]); err != nil {
		return Page{}, nil, err
	}
	if string(head[:4]) != "OggS" {
		return Page{}, nil, fmt.Errorf("%w: no header", ErrDamaged)
	}
	segments := int(head[26])
	if _, err := io.ReadFull(r, head[headerSize:headerSize+segments]); err != nil {
		return Page{}, nil, inside(err)
	}
	size := headerSize + segments
	for _, n := range head[headerSize : headerSize+segments] {
		size += int(n)
	}
	raw := make([]byte, size)
	copy(raw, head[:headerSize+segments])
	if _, err := io.ReadFull(r, raw[headerSize+segments:]); err != nil {
		return Page{}, nil, inside(err)
	}
	p, _, err := Parse(raw)
	return p, raw, err
}

func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
