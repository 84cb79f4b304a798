package nut

// Limits of what a header may say; FFmpeg's are far below.
const (
	maxStreams   = 1
	maxTimeBases = 16
	maxElision   = 256
	maxCodecData = 1 << 20
	maxSide      = 64
)

// Flags of a frame.
const (
	flagKey       = 1
	flagCodedPTS  = 8
	flagStreamID  = 16
	flagSizeMSB   = 32
	flagChecksum  = 64
	flagReserved  = 128
	flagSideData  = 256
	flagHeaderIdx = 1024
	flagMatchTime = 2048
	flagCoded     = 4096
	flagInvalid   = 8192
)

// frameCode is what one first byte of a frame stands for.
type frameCode struct {
	flags    uint64
	stream   uint64
	mul, lsb uint64
	pts      int64
	reserved uint64
	header   uint64
}

type ratio struct{ num, den uint64 }

// mainHeader is what the file begins with.
type mainHeader struct {
	bases   []ratio
	codes   [256]frameCode
	elision [][]byte // prefixes that frames leave out, the first is empty
}

func readMain(r byteReader) (*mainHeader, error) {
	h := &mainHeader{elision: [][]byte{nil}}
	version, err := small(r, 4, "a version that is not known")
	if err != nil {
		return nil, err
	}
	if version > 3 {
		if _, err := vlc(r); err != nil { // minor version
			return nil, err
		}
	}
	if _, err := small(r, maxStreams, "more than one stream"); err != nil {
		return nil, err
	}
	if _, err := vlc(r); err != nil { // max distance of syncpoints
		return nil, err
	}
	bases, err := small(r, maxTimeBases, "too many time bases")
	if err != nil {
		return nil, err
	}
	for range bases {
		var b ratio
		if b.num, err = vlc(r); err != nil {
			return nil, err
		}
		if b.den, err = vlc(r); err != nil {
			return nil, err
		}
		if b.num == 0 || b.den == 0 || b.num > 1<<31 || b.den > 1<<31 {
			return nil, invalid("a time base of 0 or out of range")
		}
		h.bases = append(h.bases, b)
	}
	if err := h.readCodes(r); err != nil {
		return nil, err
	}
	more, err := small(r, 127, "too many elision headers")
	if err != nil {
		return nil, err
	}
	for range more {
		b, err := blob(r, maxElision)
		if err != nil {
			return nil, err
		}
		h.elision = append(h.elision, b)
	}
	return h, nil // flags follow, of which none changes a frame
}

// readCodes fills the table of frame codes from its runs.
func (h *mainHeader) readCodes(r byteReader) error {
	c := frameCode{mul: 1}
	for i := 0; i < 256; {
		flags, err := vlc(r)
		if err != nil {
			return err
		}
		fields, err := small(r, 64, "too many fields in a frame code")
		if err != nil {
			return err
		}
		c.flags, c.lsb, c.reserved = flags, 0, 0
		count, counted := uint64(0), false
		for f := range fields {
			var v uint64
			var s int64
			if f == 0 || f == 6 {
				s, err = signed(r)
			} else {
				v, err = vlc(r)
			}
			if err != nil {
				return err
			}
			switch f {
			case 0:
				c.pts = s
			case 1:
				c.mul = v
			case 2:
				c.stream = v
			case 3:
				c.lsb = v
			case 4:
				c.reserved = v
			case 5:
				count, counted = v, true
			case 7:
				c.header = v
			}
		}
		if !counted {
			count = c.mul - c.lsb
		}
		if count == 0 || count > 256 || c.mul > 1<<32 || c.lsb > 1<<32 {
			return invalid("a run of frame codes out of range")
		}
		for j := uint64(0); j < count && i < 256; i++ {
			if i == 'N' {
				h.codes[i].flags = flagInvalid
				continue
			}
			h.codes[i] = c
			h.codes[i].lsb = c.lsb + j
			j++
		}
	}
	return nil
}

// streamHeader is what is told of the stream.
type streamHeader struct {
	base          ratio
	baseID        int
	shift         int // of coded timestamps
	width, height int
}

func (h *mainHeader) readStream(r byteReader) (*streamHeader, error) {
	s := &streamHeader{}
	if _, err := small(r, maxStreams-1, "a second stream"); err != nil {
		return nil, err
	}
	class, err := vlc(r)
	if err != nil {
		return nil, err
	}
	if _, err := blob(r, 16); err != nil { // codec tag
		return nil, err
	}
	if s.baseID, err = small(r, uint64(len(h.bases))-1, "a time base that is not there"); err != nil {
		return nil, err
	}
	if len(h.bases) == 0 {
		return nil, invalid("no time base")
	}
	s.base = h.bases[s.baseID]
	if s.shift, err = small(r, 16, "a timestamp shift"); err != nil {
		return nil, err
	}
	for range 3 { // max pts distance, decode delay, flags
		if _, err := vlc(r); err != nil {
			return nil, err
		}
	}
	if _, err := blob(r, maxCodecData); err != nil {
		return nil, err
	}
	if class != 0 { // video
		return s, nil
	}
	if s.width, err = small(r, 1<<16, "a width"); err != nil {
		return nil, err
	}
	s.height, err = small(r, 1<<16, "a height")
	return s, err
}
