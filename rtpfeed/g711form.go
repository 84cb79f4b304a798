package rtpfeed

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/ffegress/ffegress/ffpipe/matroska"
)

const g711Rate = 8000

// g711Form is Matroska with G.711 as it comes; it is encoded when the file is finalised. Where nothing came, there is
// silence.
type g711Form struct {
	out   Appender
	codec Codec

	headed bool
	pos    int64 // samples
	filled int64 // blocks of silence
}

func (f *g711Form) write(u Unit, at time.Duration) bool {
	if !f.headed {
		f.out.Append(matroska.Head(matroska.Track{Codec: "A_MS/ACM", Private: f.format(), Rate: g711Rate, Channels: 1}))
		f.headed = true
	}
	data := u.Parts[0]
	place := samplesAt(at, g711Rate)
	if place < f.pos-int64(len(data))/2 {
		return false
	}
	f.fill(place)
	f.add(data)
	return true
}

func (f *g711Form) fill(to int64) {
	quiet := byte(0xFF)
	if f.codec == PCMA {
		quiet = 0xD5
	}
	for to > f.pos {
		f.add(bytes.Repeat([]byte{quiet}, int(min(to-f.pos, g711Rate/10))))
		f.filled++
	}
}

func (f *g711Form) add(data []byte) {
	at := lengthOf(f.pos, g711Rate)
	f.out.Append(matroska.AppendCluster(nil, matroska.Block{Track: 1, At: at, Key: true, Data: data}))
	f.pos += int64(len(data))
}

// format is a WAVEFORMATEX.
func (f *g711Form) format() []byte {
	tag := uint16(7)
	if f.codec == PCMA {
		tag = 6
	}
	b := binary.LittleEndian.AppendUint16(nil, tag)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, g711Rate)
	b = binary.LittleEndian.AppendUint32(b, g711Rate) // bytes a second
	b = binary.LittleEndian.AppendUint16(b, 1)        // bytes a sample
	b = binary.LittleEndian.AppendUint16(b, 8)        // bits a sample
	return binary.LittleEndian.AppendUint16(b, 0)
}

func (f *g711Form) close(end time.Duration) { f.fill(samplesAt(end, g711Rate)) }

func (f *g711Form) silence() int64          { return f.filled }
func (f *g711Form) duration() time.Duration { return lengthOf(f.pos, g711Rate) }
