package compose

import (
	"encoding/binary"
	"io"

	"github.com/ffegress/ffegress/rtpfeed"
)

// Matroska elements (RFC 9559), as far as a decoder's input has them.
const (
	idEBML          = 0x1A45DFA3
	idDocType       = 0x4282
	idDocVersion    = 0x4287
	idDocRead       = 0x4285
	idSegment       = 0x18538067
	idInfo          = 0x1549A966
	idTimestamp     = 0x2AD7B1 // scale
	idTracks        = 0x1654AE6B
	idTrackEntry    = 0xAE
	idTrackNumber   = 0xD7
	idTrackUID      = 0x73C5
	idTrackType     = 0x83
	idCodecID       = 0x86
	idVideo         = 0xE0
	idPixelWidth    = 0xB0
	idPixelHeight   = 0xBA
	idCluster       = 0x1F43B675
	idClusterTime   = 0xE7
	idSimpleBlock   = 0xA3
	keyframeFlag    = 0x80
	unknownSize     = 0x01FFFFFFFFFFFFFF
	microseconds    = 1000 // per Matroska tick, in nanoseconds
	simpleBlockHead = 4
)

// codecIDs are Matroska's names. Without private data H.264 and H.265 are read as Annex B.
var codecIDs = map[rtpfeed.Codec]string{
	rtpfeed.H264: "V_MPEG4/ISO/AVC",
	rtpfeed.H265: "V_MPEGH/ISO/HEVC",
	rtpfeed.VP8:  "V_VP8",
	rtpfeed.VP9:  "V_VP9",
	rtpfeed.AV1:  "V_AV1",
}

// feedFile writes one track of pictures for a decoder: Matroska without an end, a cluster for each frame, timestamps in
// microseconds.
type feedFile struct {
	w   io.Writer
	buf []byte
}

// header writes what comes before the first frame. The size may be wrong: decoders take the bitstream's.
func (f *feedFile) header(c rtpfeed.Codec, width, height uint32) error {
	if width == 0 || height == 0 {
		width, height = 1280, 720
	}
	b := element(nil, idEBML, join(
		element(nil, idDocType, []byte("matroska")), number(idDocVersion, 4), number(idDocRead, 2)))
	b = binary.BigEndian.AppendUint32(b, idSegment)
	b = binary.BigEndian.AppendUint64(b, unknownSize)
	b = element(b, idInfo, number(idTimestamp, microseconds))
	b = element(b, idTracks, element(nil, idTrackEntry, join(
		number(idTrackNumber, 1), number(idTrackUID, 1), number(idTrackType, 1),
		element(nil, idCodecID, []byte(codecIDs[c])),
		element(nil, idVideo, join(number(idPixelWidth, uint64(width)), number(idPixelHeight, uint64(height)))))))
	_, err := f.w.Write(b)
	return err
}

// frame writes one frame; us is its timestamp, not negative.
func (f *feedFile) frame(c rtpfeed.Codec, u *rtpfeed.Unit, us int64) error {
	payload := simpleBlockHead + payloadSize(c, u)
	time := number(idClusterTime, uint64(us))
	block := 1 + 8 + payload
	b := binary.BigEndian.AppendUint32(f.buf[:0], idCluster)
	b = size8(b, len(time)+block)
	b = append(b, time...)
	b = append(b, idSimpleBlock)
	b = size8(b, payload)
	flags := byte(0)
	if u.Keyframe {
		flags = keyframeFlag
	}
	b = append(b, 0x81, 0, 0, flags) // track 1, at the cluster's time
	b = appendPayload(b, c, u)
	f.buf = b
	_, err := f.w.Write(b)
	return err
}

// payloadSize is what appendPayload appends.
func payloadSize(c rtpfeed.Codec, u *rtpfeed.Unit) int {
	n := u.Size()
	switch c {
	case rtpfeed.H264, rtpfeed.H265:
		n += 4 * len(u.Parts)
	case rtpfeed.AV1:
		for _, p := range u.Parts {
			if len(p) > 0 {
				n += len(leb128(uint64(obuPayload(p))))
			}
		}
	}
	return n
}

// appendPayload puts the unit's parts together as decoders take them: NAL units with start codes, OBUs with sizes.
func appendPayload(b []byte, c rtpfeed.Codec, u *rtpfeed.Unit) []byte {
	for _, p := range u.Parts {
		switch c {
		case rtpfeed.H264, rtpfeed.H265:
			b = append(b, 0, 0, 0, 1)
		case rtpfeed.AV1:
			if len(p) == 0 {
				continue
			}
			head := len(p) - obuPayload(p)
			b = append(b, p[0]|obuHasSize)
			b = append(b, p[1:head]...)
			b = append(b, leb128(uint64(len(p)-head))...)
			p = p[head:]
		}
		b = append(b, p...)
	}
	return b
}

// Bits of an OBU's header (AV1 specification section 5.3.2).
const (
	obuExtension = 0x04
	obuHasSize   = 0x02
)

// obuPayload is the size of an OBU that has no size field, without its header.
func obuPayload(p []byte) int {
	head := 1
	if p[0]&obuExtension != 0 {
		head = 2
	}
	return len(p) - min(head, len(p))
}

func leb128(v uint64) []byte {
	var b []byte
	for {
		if v < 0x80 {
			return append(b, byte(v))
		}
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
}

// element appends an element with a body.
func element(b []byte, id uint32, body []byte) []byte {
	switch {
	case id > 0xFFFFFF:
		b = append(b, byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
	case id > 0xFFFF:
		b = append(b, byte(id>>16), byte(id>>8), byte(id))
	case id > 0xFF:
		b = append(b, byte(id>>8), byte(id))
	default:
		b = append(b, byte(id))
	}
	return append(size8(b, len(body)), body...)
}

// number is an element with an unsigned number.
func number(id uint32, v uint64) []byte {
	return element(nil, id, binary.BigEndian.AppendUint64(nil, v))
}

// size8 appends a size in eight bytes.
func size8(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n)|1<<56)
}

func join(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}
