package rtpfeed

import (
	"encoding/binary"
	"fmt"

	"github.com/livekit/mediatransportutil/pkg/codec"
	"github.com/pion/rtp/codecs"
)

// Types of H264 NAL units. ITU-T H.264, table 7-1; 24 and 28 are of RFC 6184.
const (
	nalSlice = 1
	nalIDR   = 5
	nalSEI   = 6
	nalSPS   = 7
	nalPPS   = 8
	nalAUD   = 9
	nalSTAPA = 24
	nalFUA   = 28
)

// h264 is RFC 6184, packetisation modes 0 and 1.
type h264 struct{}

func (h264) head(payload []byte) bool {
	if len(payload) < 3 {
		return false
	}
	switch payload[0] & 0x1f {
	case nalSEI, nalSPS, nalAUD, nalSTAPA:
		return true
	case nalSlice:
		return payload[1]&0x80 != 0 // first_mb_in_slice is 0
	case nalFUA:
		return payload[1]&0x9f == 0x80|nalSlice && payload[2]&0x80 != 0
	}
	return false // also of an IDR picture: its parameter sets are before it
}

func (h264) frame(packets []packet) (Unit, error) {
	d := codecs.H264Packet{IsAVC: true}
	var u Unit
	inside := false // a fragmented unit
	for _, p := range packets {
		if len(p.payload) >= 2 && p.payload[0]&0x1f == nalFUA {
			if begins := p.payload[1]&0x80 != 0; begins == inside {
				return Unit{}, fmt.Errorf("%w: torn NAL unit", errFrame)
			}
			inside = p.payload[1]&0x40 == 0
		} else if inside {
			return Unit{}, fmt.Errorf("%w: torn NAL unit", errFrame)
		}
		avc, err := d.Unmarshal(p.payload)
		if err != nil {
			return Unit{}, fmt.Errorf("%w: %w", errFrame, err)
		}
		for len(avc) >= 4 {
			n := int(binary.BigEndian.Uint32(avc))
			if avc = avc[4:]; n > len(avc) {
				return Unit{}, fmt.Errorf("%w: NAL unit of %d bytes", errFrame, n)
			}
			if n > 0 {
				u.Parts = append(u.Parts, avc[:n:n])
			}
			avc = avc[n:]
		}
	}
	if inside || len(u.Parts) == 0 {
		return Unit{}, fmt.Errorf("%w: no whole NAL unit", errFrame)
	}
	for _, nal := range u.Parts {
		switch nal[0] & 0x1f {
		case nalIDR:
			u.Keyframe = true
		case nalSPS:
			size := codec.ExtractH264VideoSize(nal)
			u.Width, u.Height = int(size.Width), int(size.Height)
		}
	}
	if !u.Keyframe {
		u.Width, u.Height = 0, 0
	}
	return u, nil
}
