package rtpfeed

import (
	"encoding/binary"
	"fmt"

	"github.com/livekit/mediatransportutil/pkg/codec"
)

// Types of H265 NAL units. ITU-T H.265, table 7-1; 48 and 49 are of RFC 7798.
const (
	hevcFirstIRAP = 16
	hevcLastIRAP  = 21
	hevcFirstVPS  = 32
	hevcVPS       = 32
	hevcSPS       = 33
	hevcPPS       = 34
	hevcAP        = 48
	hevcFU        = 49
)

// h265 is RFC 7798 without decoding order numbers, which WebRTC does not have.
type h265 struct{}

func hevcType(nal []byte) int { return int(nal[0]>>1) & 0x3f }

func (h265) head(payload []byte) bool {
	if len(payload) < 4 {
		return false
	}
	switch kind := hevcType(payload); {
	case kind == hevcFU:
		return payload[2]&0x80 != 0 && payload[2]&0x3f < hevcFirstIRAP && payload[3]&0x80 != 0
	case kind == hevcAP, kind >= hevcFirstVPS:
		return kind != hevcPPS
	default:
		return kind < hevcFirstIRAP && payload[2]&0x80 != 0 // first_slice_segment_in_pic_flag
	}
}

func (h265) frame(packets []packet) (Unit, error) {
	var u Unit
	var fragments []byte
	for _, p := range packets {
		b := p.payload
		if len(b) < 3 {
			return Unit{}, fmt.Errorf("%w: H265 of %d bytes", errFrame, len(b))
		}
		kind := hevcType(b)
		if kind != hevcFU && fragments != nil {
			return Unit{}, fmt.Errorf("%w: torn NAL unit", errFrame)
		}
		switch kind {
		case hevcAP:
			for b = b[2:]; len(b) > 0; {
				if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
					return Unit{}, fmt.Errorf("%w: aggregation", errFrame)
				}
				n := int(binary.BigEndian.Uint16(b))
				u.addNAL(b[2:][:n:n])
				b = b[2+n:]
			}
		case hevcFU:
			if begins := b[2]&0x80 != 0; begins != (fragments == nil) {
				return Unit{}, fmt.Errorf("%w: torn NAL unit", errFrame)
			} else if begins {
				fragments = []byte{b[0]&0x81 | b[2]&0x3f<<1, b[1]}
			}
			fragments = append(fragments, b[3:]...)
			if b[2]&0x40 != 0 {
				u.addNAL(fragments)
				fragments = nil
			}
		default:
			u.addNAL(b)
		}
	}
	if fragments != nil || len(u.Parts) == 0 {
		return Unit{}, fmt.Errorf("%w: no whole NAL unit", errFrame)
	}
	for _, nal := range u.Parts {
		switch kind := hevcType(nal); {
		case kind >= hevcFirstIRAP && kind <= hevcLastIRAP:
			u.Keyframe = true
		case kind == hevcSPS:
			size := codec.ExtractH265VideoSize(nal)
			u.Width, u.Height = int(size.Width), int(size.Height)
		}
	}
	if !u.Keyframe {
		u.Width, u.Height = 0, 0
	}
	return u, nil
}

// addNAL leaves out what is too short to have a header.
func (u *Unit) addNAL(nal []byte) {
	if len(nal) > 2 {
		u.Parts = append(u.Parts, nal)
	}
}
