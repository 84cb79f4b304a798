package rtpfeed

import (
	"encoding/binary"
	"fmt"

	"github.com/pion/rtp/codecs"
)

// vp8 is RFC 7741.
type vp8 struct{}

func (vp8) head(payload []byte) bool {
	var p codecs.VP8Packet
	_, err := p.Unmarshal(payload)
	return err == nil && p.S == 1 && p.PID == 0
}

func (v vp8) frame(packets []packet) (Unit, error) {
	if !v.head(packets[0].payload) {
		return Unit{}, fmt.Errorf("%w: VP8 without its beginning", errFrame)
	}
	var data []byte
	for _, p := range packets {
		var d codecs.VP8Packet
		part, err := d.Unmarshal(p.payload)
		if err != nil {
			return Unit{}, fmt.Errorf("%w: %w", errFrame, err)
		}
		data = append(data, part...)
	}
	if len(data) == 0 {
		return Unit{}, fmt.Errorf("%w: empty VP8", errFrame)
	}
	u := Unit{Parts: [][]byte{data}, Keyframe: data[0]&1 == 0}
	if u.Keyframe {
		u.Width, u.Height = vp8Size(data)
	}
	return u, nil
}

// vp8Size is that of a keyframe. RFC 6386, 9.1.
func vp8Size(data []byte) (width, height int) {
	if len(data) < 10 || data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a {
		return 0, 0
	}
	return int(binary.LittleEndian.Uint16(data[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(data[8:]) & 0x3fff)
}
