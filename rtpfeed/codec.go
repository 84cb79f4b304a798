package rtpfeed

import (
	"fmt"
	"strings"
)

// Codec is what a track is encoded with.
type Codec int

// The codecs that are read. The zero Codec is none of them.
const (
	Opus Codec = iota + 1
	PCMU
	PCMA
	H264
	H265
	VP8
	VP9
	AV1
)

// mimeTypes are the MIME types of RTP payload formats, in the spelling of error texts.
var mimeTypes = map[Codec]string{
	Opus: "audio/opus", PCMU: "audio/PCMU", PCMA: "audio/PCMA",
	H264: "video/H264", H265: "video/H265", VP8: "video/VP8", VP9: "video/VP9", AV1: "video/AV1",
}

// ParseCodec reads a MIME type as signalling has it, in any case. The error is told to clients and has LiveKit
// Egress' text.
func ParseCodec(mime string) (Codec, error) {
	for c, name := range mimeTypes {
		if strings.EqualFold(mime, name) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("%s is not yet supported", mime)
}

// String is the MIME type.
func (c Codec) String() string { return mimeTypes[c] }

// Video tells pictures from sound.
func (c Codec) Video() bool { return c >= H264 }
