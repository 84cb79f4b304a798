package outputs

import (
	"encoding/binary"
	"math"
)

// Of RTMP 1.0 (Adobe, 2012): 5.2 handshake, 5.3 chunks, 5.4 and 7.1 messages.
const (
	rtmpHandshake     = 1 + 2*1536 // S0, S1 and S2
	rtmpFirstChunk    = 128        // bytes of a chunk until the server says otherwise
	rtmpSetChunkSize  = 1
	rtmpCommandAMF3   = 17
	rtmpCommandAMF0   = 20
	rtmpExtendedTime  = 0xffffff
	maxRTMPCommand    = 16 << 10 // longer messages are no answers and passed over
	maxRTMPChunk      = 1 << 20
	maxRTMPChunkParts = 64 // chunk streams that are followed
)

// rtmpReply is a command that the server sent.
type rtmpReply struct {
	Name        string // "_result", "_error", "onStatus", …
	Transaction float64
	// Of its last object that has them.
	Level, Code, Description string
}

// rtmpReplies follows what a server says while it passes by. What it does not understand ends its following and
// nothing else.
type rtmpReplies struct {
	on func(rtmpReply)

	buf       []byte
	got       int // bytes of the handshake
	chunkSize int
	parts     map[uint32]*rtmpPart
	lost      bool
}

// rtmpPart is a chunk stream: the header that later chunks leave out, and the message that is being put together.
type rtmpPart struct {
	length, rest int
	kind         byte
	extended     bool
	message      []byte // of commands only
}

// shaken is whether the server has said its part of the handshake.
func (r *rtmpReplies) shaken() bool { return r.got >= rtmpHandshake }

// feed takes the next bytes from the server.
func (r *rtmpReplies) feed(b []byte) {
	n := min(len(b), rtmpHandshake-r.got)
	r.got += n
	if b = b[n:]; r.lost || len(b) == 0 {
		return
	}
	if r.parts == nil {
		r.parts, r.chunkSize = map[uint32]*rtmpPart{}, rtmpFirstChunk
	}
	r.buf = append(r.buf, b...)
	for !r.lost {
		n := r.chunk(r.buf)
		if n == 0 {
			break
		}
		r.buf = r.buf[n:]
	}
	if r.lost || len(r.buf) == 0 {
		r.buf = nil
	}
}

// chunk takes one chunk and tells its length; 0 when it is not whole yet.
func (r *rtmpReplies) chunk(b []byte) int {
	format, id, head, ok := rtmpBasicHeader(b)
	if !ok {
		return 0
	}
	size := [4]int{11, 7, 3, 0}[format]
	if len(b) < head+size {
		return 0
	}
	part, h := r.parts[id], b[head:head+size]
	if part == nil {
		if format != 0 && format != 1 || len(r.parts) >= maxRTMPChunkParts {
			r.lost = true
			return 0
		}
		part = &rtmpPart{}
	}
	next := *part
	if size >= 3 {
		next.extended = uint24(h) == rtmpExtendedTime
	}
	if size >= 7 {
		next.length, next.kind = uint24(h[3:]), h[6]
	}
	if size > 0 || next.rest == 0 { // a new message
		next.rest, next.message = next.length, nil
	}
	head += size
	if next.extended {
		head += 4
	}
	body := min(next.rest, r.chunkSize)
	if body > maxRTMPChunk {
		r.lost = true
		return 0
	}
	if len(b) < head+body {
		return 0
	}
	*part = next
	r.parts[id] = part
	part.take(b[head : head+body])
	if part.rest == 0 {
		r.message(part.kind, part.message)
		part.message = nil
	}
	return head + body
}

func (p *rtmpPart) take(body []byte) {
	p.rest -= len(body)
	switch p.kind {
	case rtmpSetChunkSize, rtmpCommandAMF0, rtmpCommandAMF3:
		if p.length <= maxRTMPCommand {
			p.message = append(p.message, body...)
		}
	}
}

// rtmpBasicHeader reads a chunk's format and chunk stream.
func rtmpBasicHeader(b []byte) (format byte, id uint32, size int, ok bool) {
	if len(b) == 0 {
		return 0, 0, 0, false
	}
	format, id, size = b[0]>>6, uint32(b[0]&0x3f), 1
	if id < 2 {
		size += int(id) + 1
		if len(b) < size {
			return 0, 0, 0, false
		}
		long := uint32(b[1]) + 64
		if id == 1 {
			long += uint32(b[2]) << 8
		}
		id = long
	}
	return format, id, size, true
}

func uint24(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

func (r *rtmpReplies) message(kind byte, b []byte) {
	switch {
	case kind == rtmpSetChunkSize && len(b) >= 4:
		size := binary.BigEndian.Uint32(b)
		if size == 0 || size > math.MaxInt32 {
			r.lost = true
			return
		}
		r.chunkSize = int(size)
	case kind == rtmpCommandAMF3 && len(b) > 0:
		r.command(b[1:])
	case kind == rtmpCommandAMF0:
		r.command(b)
	}
}

func (r *rtmpReplies) command(b []byte) {
	var reply rtmpReply
	in := amfReader{b: b}
	name, transaction := in.value(0, nil), in.value(0, nil)
	reply.Name, _ = name.(string)
	reply.Transaction, _ = transaction.(float64)
	if in.bad || reply.Name == "" {
		return
	}
	for len(in.b) > 0 && !in.bad {
		in.value(0, func(key string, value any) {
			text, ok := value.(string)
			switch {
			case !ok:
			case key == "level":
				reply.Level = text
			case key == "code":
				reply.Code = text
			case key == "description":
				reply.Description = text
			}
		})
	}
	r.on(reply)
}
