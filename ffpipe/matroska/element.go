package matroska

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// ErrDamaged is wrapped by every error about bytes that are no whole element of such a file.
var ErrDamaged = errors.New("damaged matroska")

// IDs of elements. RFC 9559, 27.1.
const (
	idEBML           = 0x1A45DFA3
	idEBMLVersion    = 0x4286
	idEBMLRead       = 0x42F7
	idEBMLMaxID      = 0x42F2
	idEBMLMaxSize    = 0x42F3
	idDocType        = 0x4282
	idDocTypeVersion = 0x4287
	idDocTypeRead    = 0x4285
	idSegment        = 0x18538067
	idInfo           = 0x1549A966
	idTimestampScale = 0x2AD7B1
	idDuration       = 0x4489
	idMuxingApp      = 0x4D80
	idWritingApp     = 0x5741
	idTracks         = 0x1654AE6B
	idTrackEntry     = 0xAE
	idTrackNumber    = 0xD7
	idTrackUID       = 0x73C5
	idTrackType      = 0x83
	idFlagLacing     = 0x9C
	idCodecID        = 0x86
	idCodecPrivate   = 0x63A2
	idVideo          = 0xE0
	idPixelWidth     = 0xB0
	idPixelHeight    = 0xBA
	idAudio          = 0xE1
	idSampling       = 0xB5
	idChannels       = 0x9F
	idCluster        = 0x1F43B675
	idTimestamp      = 0xE7
	idSimpleBlock    = 0xA3
	idBlockGroup     = 0xA0
	idBlock          = 0xA1
	idBlockDuration  = 0x9B
	idReferenceBlock = 0xFB
	idCRC32          = 0xBF
)

// Unknown is the size of an element that does not tell it.
const Unknown = -1

// MaxHeader is what an element's ID and size can have at most, in bytes.
const MaxHeader = 4 + 8

// Header is an element's ID, the size of its data, and how many bytes both took.
type Header struct {
	ID     uint32
	Size   int64 // Unknown
	Header int64
}

// Segment and Cluster tell the elements that a recovery looks for.
func (h Header) Segment() bool { return h.ID == idSegment }
func (h Header) Cluster() bool { return h.ID == idCluster }

// Group tells an element that has a block in it; Block one that is a block, of which Media bytes are media.
func (h Header) Group() bool  { return h.ID == idBlockGroup }
func (h Header) Block() bool  { return h.ID == idBlock || h.ID == idSimpleBlock }
func (h Header) Media() int64 { return max(h.Size-blockHeader, 0) }

// File tells the element that every file begins with.
func (h Header) File() bool { return h.ID == idEBML }

// ParseHeader reads the header of the element at the beginning of b.
func ParseHeader(b []byte) (Header, error) {
	id, n, err := varint(b, 4, true)
	if err != nil {
		return Header{}, err
	}
	size, m, err := varint(b[n:], 8, false)
	if err != nil {
		return Header{}, err
	}
	h := Header{ID: uint32(id), Size: int64(size), Header: int64(n + m)}
	if size == 1<<(7*m)-1 {
		h.Size = Unknown
	}
	return h, nil
}

// varint reads a number whose leading zero bits tell its length; an ID keeps the bit that ends them.
func varint(b []byte, most int, marker bool) (v uint64, n int, err error) {
	if len(b) == 0 {
		return 0, 0, fmt.Errorf("%w: cut off", ErrDamaged)
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if n > most || n > len(b) {
		return 0, 0, fmt.Errorf("%w: no element", ErrDamaged)
	}
	v = uint64(b[0])
	if !marker {
		v &= 0xFF >> n
	}
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	return v, n, nil
}

func appendID(b []byte, id uint32) []byte {
	n := (bits.Len32(id) + 7) / 8
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(id>>(8*i)))
	}
	return b
}

// appendSize writes a size in the fewest bytes.
func appendSize(b []byte, size int) []byte {
	n := 1
	for n < 8 && uint64(size) >= 1<<(7*n)-1 {
		n++
	}
	v := uint64(size) | 1<<(7*n)
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

func appendBytes(b []byte, id uint32, data []byte) []byte {
	return append(appendSize(appendID(b, id), len(data)), data...)
}

func appendString(b []byte, id uint32, s string) []byte { return appendBytes(b, id, []byte(s)) }

func appendUint(b []byte, id uint32, v uint64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], v)
	n := max(1, (bits.Len64(v)+7)/8)
	return appendBytes(b, id, raw[8-n:])
}

func appendFloat(b []byte, id uint32, v float64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], math.Float64bits(v))
	return appendBytes(b, id, raw[:])
}

func parseUint(data []byte) (v uint64, err error) {
	if len(data) > 8 {
		return 0, fmt.Errorf("%w: number of %d bytes", ErrDamaged, len(data))
	}
	for _, c := range data {
		v = v<<8 | uint64(c)
	}
	return v, nil
}
