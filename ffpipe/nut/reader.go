package nut

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"time"
)

const fileID = "nut/multimedia container\x00"

// Startcodes of packets; all else that begins with 'N' is none.
const (
	startMain   = 0x4E4D7A561F5F04AD
	startStream = 0x4E5311405BF2F9DB
	startSync   = 0x4E4BE4ADEECA4569
	startIndex  = 0x4E58DD672F23E64E
	startInfo   = 0x4E49AB68B596BA78
)

const (
	// A packet of more than this has a checksum of its header.
	longPacket = 4096
	// maxPacket bounds packets that are no frames.
	maxPacket = 4 << 20
)

// Reader reads the frames of a file with one stream. It is for one goroutine.
type Reader struct {
	r      *bufio.Reader
	main   *mainHeader
	stream *streamHeader
	last   int64 // timestamp of the frame before, in the stream's time base
	begun  bool
}

// NewReader reads from r, through a buffer of a few KiB: most of a frame goes straight to where it is wanted.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 4<<10)}
}

// Frame is one frame's header. Its bytes have to be read with Read or Skip before the next.
type Frame struct {
	PTS      int64 // in the time base of the stream
	Size     int   // bytes
	elided   []byte
	unread   int
	timeBase ratio
}

// Time is the timestamp, rounded down to the nanosecond; what does not fit is cut off at 292 years.
func (f Frame) Time() time.Duration {
	neg := f.PTS < 0
	abs := uint64(f.PTS)
	if neg {
		abs = -abs
	}
	hi, lo := bits.Mul64(abs, f.timeBase.num*uint64(time.Second))
	if hi >= f.timeBase.den {
		return 1<<63 - 1
	}
	q, _ := bits.Div64(hi, lo, f.timeBase.den)
	if q > 1<<63-1 {
		return 1<<63 - 1
	}
	if neg {
		return -time.Duration(q)
	}
	return time.Duration(q)
}

// Next reads up to the next frame and returns its header. io.EOF is the end of the file between two frames; one within
// a frame or packet is [io.ErrUnexpectedEOF].
func (r *Reader) Next() (Frame, error) {
	if !r.begun {
		if err := r.readID(); err != nil {
			return Frame{}, err
		}
		r.begun = true
	}
	for {
		first, err := r.r.ReadByte()
		if err != nil {
			return Frame{}, err
		}
		if first != 'N' {
			f, err := r.frame(first)
			return f, within(err)
		}
		if err := r.packet(); err != nil {
			return Frame{}, within(err)
		}
	}
}

func (r *Reader) readID() error {
	id := make([]byte, len(fileID))
	switch _, err := io.ReadFull(r.r, id); {
	case err != nil:
		return err
	case string(id) != fileID:
		return invalid("not a NUT file")
	}
	return nil
}

// within tells that a file ended where it must not.
func within(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// packet reads what begins with an 'N', which was read.
func (r *Reader) packet() error {
	var code [8]byte
	code[0] = 'N'
	if _, err := io.ReadFull(r.r, code[1:]); err != nil {
		return err
	}
	size, err := small(r.r, maxPacket, "a packet too long")
	if err != nil {
		return err
	}
	if size > longPacket {
		if _, err := uint32Of(r.r); err != nil {
			return err
		}
	}
	if size < 4 {
		return invalid("a packet without checksum")
	}
	switch start := binary.BigEndian.Uint64(code[:]); start {
	case startMain, startStream, startSync:
		body := make([]byte, size)
		if _, err := io.ReadFull(r.r, body); err != nil {
			return err
		}
		return r.header(start, bytes.NewReader(body[:size-4]))
	case startIndex, startInfo:
		return skip(r.r, int64(size))
	default:
		return invalid(fmt.Sprintf("startcode %#x", start))
	}
}

func (r *Reader) header(start uint64, body *bytes.Reader) (err error) {
	switch {
	case start == startMain:
		// It is repeated now and then, without a change.
		r.main, err = readMain(body)
	case r.main == nil:
		return invalid("no main header")
	case start == startStream:
		r.stream, err = r.main.readStream(body)
	default:
		err = r.syncpoint(body)
	}
	return err
}

// syncpoint sets the timestamp that the next frame's is told against.
func (r *Reader) syncpoint(body *bytes.Reader) error {
	if r.stream == nil {
		return invalid("no stream header")
	}
	v, err := vlc(body)
	if err != nil {
		return err
	}
	n := uint64(len(r.main.bases))
	from, to := r.main.bases[v%n], r.stream.base
	// v/n · from / to, which FFmpeg rounds down.
	hi, lo := bits.Mul64(v/n, from.num*to.den)
	div := from.den * to.num
	if hi >= div {
		return invalid("a syncpoint's time")
	}
	q, _ := bits.Div64(hi, lo, div)
	r.last = int64(q)
	return nil
}

// frame reads a frame's header after its first byte.
func (r *Reader) frame(first byte) (f Frame, err error) {
	if r.stream == nil {
		return f, invalid("a frame before its stream")
	}
	c := r.main.codes[first]
	if c.flags&flagInvalid != 0 {
		return f, invalid("a frame code that stands for nothing")
	}
	flags := c.flags
	// next reads a number that is there only with a flag.
	next := func(flag uint64, otherwise uint64) (v uint64) {
		v = otherwise
		if err == nil && flags&flag != 0 {
			v, err = vlc(r.r)
		}
		return v
	}
	flags ^= next(flagCoded, 0)
	if next(flagStreamID, c.stream) != 0 {
		return f, invalid("a frame of another stream")
	}
	pts := next(flagCodedPTS, 0)
	msb := next(flagSizeMSB, 0)
	next(flagMatchTime, 0)
	header := next(flagHeaderIdx, c.header)
	reserved := next(flagReserved, c.reserved)
	if err == nil && reserved > maxSide {
		err = invalid("too many reserved fields")
	}
	for ; err == nil && reserved > 0; reserved-- {
		_, err = vlc(r.r)
	}
	if err == nil && flags&flagChecksum != 0 {
		_, err = uint32Of(r.r)
	}
	if err != nil {
		return f, err
	}
	if flags&flagSideData != 0 {
		return f, invalid("side data")
	}
	if flags&flagCodedPTS != 0 {
		r.last = r.full(pts)
	} else {
		r.last += c.pts
	}
	if header >= uint64(len(r.main.elision)) {
		return f, invalid("an elision header that is not there")
	}
	size := c.lsb + msb*c.mul
	if msb > 1<<31 || size > 1<<31 {
		return f, invalid("a frame too long")
	}
	f = Frame{PTS: r.last, Size: int(size), elided: r.main.elision[header], timeBase: r.stream.base}
	if f.unread = f.Size - len(f.elided); f.unread < 0 {
		return f, invalid("a frame shorter than its elided header")
	}
	return f, nil
}

// full completes a coded timestamp: its low bits near the last one, or all of it.
func (r *Reader) full(coded uint64) int64 {
	if coded >= 1<<r.stream.shift {
		return int64(coded - 1<<r.stream.shift)
	}
	mask := int64(1)<<r.stream.shift - 1
	delta := r.last - mask/2
	return (int64(coded)-delta)&mask + delta
}

// Read reads the frame's bytes into pix, which must have the frame's size.
func (r *Reader) Read(f Frame, pix []byte) error {
	if len(pix) != f.Size {
		return invalid(fmt.Sprintf("a frame of %d bytes, want %d", f.Size, len(pix)))
	}
	n := copy(pix, f.elided)
	_, err := io.ReadFull(r.r, pix[n:])
	return within(err)
}

// Skip passes the frame's bytes by.
func (r *Reader) Skip(f Frame) error { return within(skip(r.r, int64(f.unread))) }

// Dimensions are those of the stream's header, 0 before it was read.
func (r *Reader) Dimensions() (width, height int) {
	if r.stream == nil {
		return 0, 0
	}
	return r.stream.width, r.stream.height
}
