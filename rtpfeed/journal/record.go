package journal

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
)

const (
	headSize = 8 // length and checksum of what follows
	// maxRecord is more than any unit of a call has.
	maxRecord = 16 << 20
	// A unit has so many parts at most: slices of a picture.
	maxParts = 1 << 12
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errRecord is wrapped by errors about bytes that are not a record.
var errRecord = errors.New("damaged record")

// Append adds the event's record to b.
func Append(b []byte, e *Event) []byte {
	start := len(b)
	b = append(b, make([]byte, headSize)...)
	b = append(b, byte(e.Kind))
	b = binary.AppendUvarint(b, uint64(e.Track))
	b = binary.AppendVarint(b, int64(e.At))
	switch e.Kind {
	case Opened, Replaced:
		b = binary.AppendVarint(b, int64(e.Side))
		about, err := json.Marshal(e.About)
		if err != nil { // it is strings and numbers
			return b[:start]
		}
		b = append(b, about...)
	case Media:
		b = appendUnit(binary.AppendVarint(b, int64(e.Came)), &e.Unit)
	case Reported:
		b = binary.AppendUvarint(b, e.Report.NTP)
		b = binary.AppendUvarint(b, uint64(e.Report.RTP))
	}
	body := b[start+headSize:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.Checksum(body, castagnoli))
	return b
}

func appendUnit(b []byte, u *rtpfeed.Unit) []byte {
	key := uint64(0)
	if u.Keyframe {
		key = 1
	}
	for _, n := range []uint64{uint64(u.Timestamp), key, uint64(u.Lost), uint64(u.Width), uint64(u.Height), uint64(len(u.Parts))} {
		b = binary.AppendUvarint(b, n)
	}
	for _, p := range u.Parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

// Read gives the events of a journal in order, up to its end or to the first record that is not whole. The error is what
// each or r returned.
func Read(r io.Reader, each func(Event) error) error {
	in := bufio.NewReader(r)
	var head [headSize]byte
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return unlessTorn(err)
		}
		size := binary.LittleEndian.Uint32(head[:])
		if size == 0 || size > maxRecord {
			return nil
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(in, body); err != nil {
			return unlessTorn(err)
		}
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
			return nil
		}
		e, err := parse(body)
		if err != nil {
			return nil // of another version, which knew more
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

func unlessTorn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("read journal: %w", err)
}

// parse reads what follows a record's head. Parts of the unit are parts of b.
func parse(b []byte) (Event, error) {
	f := fields{b: b}
	e := Event{Kind: Kind(f.byte()), Track: f.int()}
	e.At = time.Duration(f.signed())
	switch e.Kind {
	case Opened, Replaced:
		e.Side = int(f.signed())
		if !f.bad {
			f.bad = json.Unmarshal(f.b, &e.About) != nil
		}
	case Media:
		e.Came = time.Duration(f.signed())
		e.Unit = f.unit()
	case Reported:
		e.Report = rtpfeed.Report{NTP: f.unsigned(), RTP: uint32(f.unsigned())}
	case Muted, Unmuted, Vacant, Closed:
	default:
		f.bad = true
	}
	if f.bad {
		return Event{}, errRecord
	}
	return e, nil
}

// fields takes numbers off the front of b. Once there is none, all are zero and bad is set.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) byte() byte {
	if f.bad = f.bad || len(f.b) == 0; f.bad {
		return 0
	}
	v := f.b[0]
	f.b = f.b[1:]
	return v
}

func (f *fields) unsigned() uint64 {
	v, n := binary.Uvarint(f.b)
	if f.bad = f.bad || n <= 0; f.bad {
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) signed() int64 {
	v, n := binary.Varint(f.b)
	if f.bad = f.bad || n <= 0; f.bad {
		return 0
	}
	f.b = f.b[n:]
	return v
}

// int is a number that a journal has no more than a million of.
func (f *fields) int() int {
	v := f.unsigned()
	if f.bad = f.bad || v > 1<<20; f.bad {
		return 0
	}
	return int(v)
}

func (f *fields) unit() (u rtpfeed.Unit) {
	u.Timestamp = uint32(f.unsigned())
	u.Keyframe = f.unsigned() == 1
	u.Lost, u.Width, u.Height = f.int(), f.int(), f.int()
	parts := f.int()
	if f.bad = f.bad || parts > maxParts; f.bad {
		return rtpfeed.Unit{}
	}
	u.Parts = make([][]byte, 0, parts)
	for range parts {
		n := f.unsigned()
		if f.bad = f.bad || n > uint64(len(f.b)); f.bad {
			return rtpfeed.Unit{}
		}
		u.Parts = append(u.Parts, slices.Clip(f.b[:n]))
		f.b = f.b[n:]
	}
	return u
}
