package rtpfeed

import (
	"encoding/binary"
	"time"

	"github.com/ffegress/ffegress/ffpipe/ogg"
)

const (
	opusRate = 48000
	// oggPage is how much sound a page has: it is lost when the process dies.
	oggPage = opusRate / 5
	// oggSerial is that of the only stream.
	oggSerial = 1
)

// silent are packets of digital silence with their lengths in samples, the longest first. CELT, mono: RFC 6716, 3.1.
var silent = []struct {
	length int64
	packet []byte
}{
	{960, []byte{31 << 3, 0xff, 0xfe}},
	{480, []byte{30 << 3, 0xff, 0xfe}},
	{240, []byte{29 << 3, 0xff, 0xfe}},
	{120, []byte{28 << 3, 0xff, 0xfe}},
}

// opusForm is Ogg/Opus (RFC 7845) of the packets as they are. Where none came, silence is put.
type opusForm struct {
	out Appender

	headed bool
	page   ogg.Page
	size   int   // bytes on the page
	from   int64 // samples: where the page begins
	pos    int64 // and where it ends
	filled int64 // packets of silence
	end    int64 // of the recording, once it is known
}

func (f *opusForm) write(u Unit, at time.Duration) bool {
	packet := u.Parts[0]
	length := ogg.Samples(packet)
	if length == 0 || length > 120*opusRate/1000 {
		return false
	}
	if !f.headed {
		f.head()
	}
	place := samplesAt(at, opusRate)
	if place < f.pos-length/2 {
		return false
	}
	f.fill(place)
	f.add(packet, length)
	return true
}

// fill puts silence before the sample to. What is shorter than the shortest packet stays: the next packet stands that
// much early, and none after it.
func (f *opusForm) fill(to int64) {
	for _, s := range silent {
		for to-f.pos >= s.length {
			f.add(s.packet, s.length)
			f.filled++
		}
	}
}

func (f *opusForm) add(packet []byte, length int64) {
	segments := len(packet)/255 + 1
	if f.size+segments > 255 || f.pos-f.from >= oggPage {
		f.flush()
	}
	f.page.Packets = append(f.page.Packets, packet)
	f.size += segments
	f.pos += length
}

func (f *opusForm) flush() {
	if len(f.page.Packets) == 0 {
		return
	}
	f.page.Granule = f.pos
	f.append(f.page)
	f.page = ogg.Page{Serial: oggSerial, Sequence: f.page.Sequence + 1}
	f.size, f.from = 0, f.pos
}

func (f *opusForm) head() {
	// No pre-skip: a receiver of RTP plays all that comes, and so the timeline is the room's.
	head := []byte("OpusHead\x01\x02\x00\x00")
	head = binary.LittleEndian.AppendUint32(head, opusRate)
	head = append(head, 0, 0, 0)
	tags := binary.LittleEndian.AppendUint32([]byte("OpusTags"), uint32(len(oggVendor)))
	tags = append(tags, oggVendor...)
	tags = append(tags, 0, 0, 0, 0)
	f.append(ogg.Page{Flags: ogg.First, Serial: oggSerial, Packets: [][]byte{head}})
	f.append(ogg.Page{Serial: oggSerial, Sequence: 1, Packets: [][]byte{tags}})
	f.page = ogg.Page{Serial: oggSerial, Sequence: 2}
	f.headed = true
}

const oggVendor = "ffegress"

func (f *opusForm) append(p ogg.Page) {
	if raw, err := p.Append(nil); err == nil { // add keeps to what a page can have
		f.out.Append(raw)
	}
}

func (f *opusForm) close(end time.Duration) {
	f.end = samplesAt(end, opusRate)
	f.fill(f.end)
	f.flush()
}

func (f *opusForm) silence() int64 { return f.filled }

func (f *opusForm) duration() time.Duration { return lengthOf(f.pos, opusRate) }
