package rtpfeed

import "time"

// packet is one RTP packet, as far as it is of interest.
type packet struct {
	sequence  uint16
	timestamp uint32
	marker    bool
	payload   []byte // without padding; empty in packets that only probe the path
	arrived   time.Time
}

const (
	// maxAhead is how far beyond the expected a sequence number is still taken as the same sequence.
	maxAhead = 3000
	// maxHeld bounds what waits behind a gap: about 3 s of a picture of 6 Mb/s.
	maxHeld = 2048
)

// reorder gives packets in the order of their sequence numbers. Packets in order pass at once; behind a gap they wait,
// until what is missing was sent again or has been awaited long enough.
type reorder struct {
	wait time.Duration

	started bool
	next    uint16   // the number expected
	held    []packet // in order, none before next
	lost    int      // given up and not yet told
	stray   uint16   // the number after the last one far off, which begins a new sequence
	strayed bool
}

// push takes a packet as it comes. One that comes twice or too late is dropped.
func (r *reorder) push(p packet) {
	if !r.started {
		r.started, r.next = true, p.sequence
	}
	ahead := int(int16(p.sequence - r.next))
	if ahead > maxAhead || ahead < -maxAhead {
		if !r.strayed || p.sequence != r.stray {
			r.strayed, r.stray = true, p.sequence+1
			return
		}
		r.held = r.held[:0]
		r.next = p.sequence
		r.lost++
		ahead = 0
	}
	r.strayed = false
	if ahead < 0 {
		return
	}
	at := len(r.held)
	for at > 0 && int16(r.held[at-1].sequence-p.sequence) > 0 {
		at--
	}
	if at > 0 && r.held[at-1].sequence == p.sequence {
		return
	}
	r.held = append(r.held, packet{})
	copy(r.held[at+1:], r.held[at:])
	r.held[at] = p
}

// pop gives the next packet in order and how many before it are given up as lost.
func (r *reorder) pop(now time.Time) (p packet, lost int, ok bool) {
	if len(r.held) == 0 {
		return packet{}, 0, false
	}
	p = r.held[0]
	if p.sequence != r.next {
		if len(r.held) < maxHeld && now.Before(p.arrived.Add(r.wait)) {
			return packet{}, 0, false
		}
		r.lost += int(p.sequence - r.next)
	}
	copy(r.held, r.held[1:])
	r.held[len(r.held)-1] = packet{}
	r.held = r.held[:len(r.held)-1]
	r.next = p.sequence + 1
	lost, r.lost = r.lost, 0
	return p, lost, true
}

// deadline is when pop will give up the gap that it waits at; false when it waits at none.
func (r *reorder) deadline() (time.Time, bool) {
	if len(r.held) == 0 || r.held[0].sequence == r.next {
		return time.Time{}, false
	}
	return r.held[0].arrived.Add(r.wait), true
}
