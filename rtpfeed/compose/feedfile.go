package compose

import (
	"io"
	"time"

	"github.com/ffegress/ffegress/ffpipe/matroska"
	"github.com/ffegress/ffegress/rtpfeed"
)

// codecIDs are Matroska's names. Without private data H.264 and H.265 are read as Annex B, so that the decoder can be
// started before its parameter sets are known.
var codecIDs = map[rtpfeed.Codec]string{
	rtpfeed.H264: "V_MPEG4/ISO/AVC",
	rtpfeed.H265: "V_MPEGH/ISO/HEVC",
	rtpfeed.VP8:  "V_VP8",
	rtpfeed.VP9:  "V_VP9",
	rtpfeed.AV1:  "V_AV1",
}

// feedFile writes one track of pictures for a decoder: Matroska without an end.
type feedFile struct {
	w       io.Writer
	codec   rtpfeed.Codec
	payload []byte
	cluster []byte
}

// header writes what comes before the first frame. The size may be wrong: decoders take the bitstream's.
func (f *feedFile) header(width, height uint32) error {
	if width == 0 || height == 0 {
		width, height = 1280, 720
	}
	_, err := f.w.Write(matroska.Head(matroska.Track{
		Codec: codecIDs[f.codec], Video: true, Width: int(width), Height: int(height),
	}))
	return err
}

// frame writes one frame; us is its timestamp in microseconds, not negative.
func (f *feedFile) frame(u *rtpfeed.Unit, us int64) error {
	f.payload = appendPayload(f.payload[:0], f.codec, u)
	f.cluster = matroska.AppendCluster(f.cluster[:0], matroska.Block{
		Track: 1, At: time.Duration(us) * time.Microsecond, Key: u.Keyframe, Data: f.payload,
	})
	_, err := f.w.Write(f.cluster)
	return err
}

// appendPayload puts the unit's parts together as decoders take them: NAL units with start codes, OBUs with sizes.
func appendPayload(b []byte, c rtpfeed.Codec, u *rtpfeed.Unit) []byte {
	for _, p := range u.Parts {
		switch {
		case len(p) == 0:
			continue
		case c == rtpfeed.H264 || c == rtpfeed.H265:
			b = append(b, 0, 0, 0, 1)
		case c == rtpfeed.AV1:
			head := min(obuHead(p), len(p))
			b = append(b, p[0]|obuHasSize)
			b = append(b, p[1:head]...)
			b = appendLEB128(b, uint64(len(p)-head))
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

// obuHead is the size of an OBU's header without the size field.
func obuHead(p []byte) int {
	if p[0]&obuExtension != 0 {
		return 2
	}
	return 1
}

func appendLEB128(b []byte, v uint64) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}
