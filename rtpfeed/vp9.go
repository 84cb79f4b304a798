package rtpfeed

import (
	"fmt"

	"github.com/pion/rtp/codecs"
	vp9header "github.com/pion/rtp/codecs/vp9"
)

// vp9 is RFC 9628. The layers of a picture, which are frames each, make one superframe.
type vp9 struct{}

func (vp9) head(payload []byte) bool {
	var p codecs.VP9Packet
	_, err := p.Unmarshal(payload)
	return err == nil && p.B && (!p.L || p.SID == 0)
}

func (v vp9) frame(packets []packet) (Unit, error) {
	var layers [][]byte
	var u Unit
	open := false
	for _, p := range packets {
		var d codecs.VP9Packet
		part, err := d.Unmarshal(p.payload)
		if err != nil {
			return Unit{}, fmt.Errorf("%w: %w", errFrame, err)
		}
		if d.B == open { // a second beginning, or the middle of what did not begin
			return Unit{}, fmt.Errorf("%w: VP9 without its beginning", errFrame)
		}
		if d.B {
			layers = append(layers, nil)
		}
		layers[len(layers)-1] = append(layers[len(layers)-1], part...)
		open = !d.E
		if d.V && d.Y {
			u.Width, u.Height = int(d.Width[len(d.Width)-1]), int(d.Height[len(d.Height)-1])
		}
	}
	if open {
		return Unit{}, fmt.Errorf("%w: VP9 without its end", errFrame)
	}
	var h vp9header.Header
	if err := h.Unmarshal(layers[0]); err != nil {
		return Unit{}, fmt.Errorf("%w: %w", errFrame, err)
	}
	u.Keyframe = !h.ShowExistingFrame && !h.NonKeyFrame
	if !u.Keyframe {
		u.Width, u.Height = 0, 0
	} else if u.Width == 0 && len(layers) == 1 {
		u.Width, u.Height = int(h.Width()), int(h.Height())
	}
	u.Parts = [][]byte{superframe(layers)}
	return u, nil
}

// superframe joins frames that are decoded together and tells where each ends. VP9 bitstream specification, annex B.
func superframe(frames [][]byte) []byte {
	if len(frames) == 1 {
		return frames[0]
	}
	var data []byte
	size := 1
	for _, f := range frames {
		data = append(data, f...)
		for len(f) >= 1<<(8*size) {
			size++
		}
	}
	marker := byte(0xC0 | (size-1)<<3 | len(frames) - 1)
	data = append(data, marker)
	for _, f := range frames {
		for i := range size {
			data = append(data, byte(len(f)>>(8*i)))
		}
	}
	return append(data, marker)
}
