package rtpfeed

import "errors"

// errFrame is wrapped by errors about packets that make no frame.
var errFrame = errors.New("damaged frame")

// depacketiser makes frames out of the payloads of one codec.
type depacketiser interface {
	// head tells whether a payload surely begins a frame, for after a loss.
	head(payload []byte) bool
	// frame makes the frame of all its packets.
	frame(packets []packet) (Unit, error)
}

func depacketiserOf(c Codec) depacketiser {
	switch c {
	case H264:
		return h264{}
	case H265:
		return h265{}
	case VP8:
		return vp8{}
	case VP9:
		return vp9{}
	case AV1:
		return av1{}
	}
	return nil // of sound each packet is a frame
}

// The SFU ends a track with blank keyframes of this size at most: 8x8 in VP8, 2x2 in H264.
const blankSize = 8

// assembler makes units out of packets in order.
type assembler struct {
	of      depacketiser // nil = each packet is a unit
	packets []packet     // of the frame that is not complete
	lost    int          // packets since the last unit that never came or were of no use
	skip    bool         // the rest of the frame with the timestamp skipped is of no use
	skipped uint32
}

func newAssembler(c Codec) *assembler { return &assembler{of: depacketiserOf(c)} }

// add takes the next packet in order, before which lost never came, and hands over what is complete by it.
func (a *assembler) add(p packet, lost int, emit func(Unit)) {
	a.lost += lost
	if a.of == nil {
		if len(p.payload) > 0 {
			a.emit(Unit{Parts: [][]byte{p.payload}, Timestamp: p.timestamp, Arrived: p.arrived, Keyframe: true}, emit)
		}
		return
	}
	if lost > 0 && len(a.packets) > 0 {
		a.drop()
	}
	if len(p.payload) == 0 {
		return
	}
	if len(a.packets) > 0 && a.packets[0].timestamp != p.timestamp {
		a.finish(emit) // its sender did not mark the end
	}
	if len(a.packets) == 0 {
		if a.skip && a.skipped == p.timestamp || a.lost > 0 && !a.of.head(p.payload) {
			a.skip, a.skipped = true, p.timestamp
			a.lost++
			return
		}
		a.skip = false
	}
	a.packets = append(a.packets, p)
	if p.marker {
		a.finish(emit)
	}
}

// finish hands the frame over.
func (a *assembler) finish(emit func(Unit)) {
	u, err := a.of.frame(a.packets)
	if err != nil {
		a.drop()
		return
	}
	first := a.packets[0]
	u.Timestamp, u.Arrived = first.timestamp, first.arrived
	a.reset()
	if u.Keyframe && u.Width > 0 && u.Width <= blankSize && u.Height <= blankSize {
		return
	}
	a.emit(u, emit)
}

func (a *assembler) emit(u Unit, emit func(Unit)) {
	u.Lost, a.lost = a.lost, 0
	emit(u)
}

// drop gives up the frame that is not complete.
func (a *assembler) drop() {
	a.lost += len(a.packets)
	a.skip, a.skipped = true, a.packets[0].timestamp
	a.reset()
}

func (a *assembler) reset() {
	clear(a.packets)
	a.packets = a.packets[:0]
}
