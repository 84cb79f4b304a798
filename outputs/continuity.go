package outputs

import (
	"errors"
	"fmt"
	"io"
	"maps"
)

// Of MPEG-TS. ISO/IEC 13818-1, 2.4.3.2.
const (
	tsPacket = 188
	tsSync   = 0x47
	tsNull   = 0x1fff // packets of no stream
)

// continuity numbers the packets of successive transport streams as if they
// were one, so that a player which counts them finds none missing.
type continuity struct{ next map[uint16]byte }

// clone keeps the numbers as they are, for a stream that has to be made again.
func (c *continuity) clone() continuity { return continuity{maps.Clone(c.next)} }

// copy writes src to dst. A stream that is no transport stream, or ends inside
// a packet, is ErrMalformed.
func (c *continuity) copy(dst io.Writer, src io.Reader) (n int64, err error) {
	if c.next == nil {
		c.next = map[uint16]byte{}
	}
	buf := make([]byte, 256*tsPacket)
	for {
		got, err := io.ReadFull(src, buf)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return n, fmt.Errorf("read transport stream: %w", err)
		}
		if got%tsPacket != 0 {
			return n, fmt.Errorf("%w: transport stream ends inside a packet", ErrMalformed)
		}
		for at := 0; at < got; at += tsPacket {
			if err := c.number(buf[at : at+tsPacket]); err != nil {
				return n, err
			}
		}
		wrote, writeErr := dst.Write(buf[:got])
		n += int64(wrote)
		if writeErr != nil || err != nil {
			return n, writeErr
		}
	}
}

// number writes a packet's number into it. Packets without payload repeat the
// number before.
func (c *continuity) number(packet []byte) error {
	if packet[0] != tsSync {
		return fmt.Errorf("%w: no transport stream", ErrMalformed)
	}
	pid := uint16(packet[1]&0x1f)<<8 | uint16(packet[2])
	if pid == tsNull {
		return nil
	}
	number := c.next[pid]
	if payload := packet[3]&0x10 != 0; payload {
		c.next[pid] = (number + 1) & 0xf
	} else {
		number = (number - 1) & 0xf
	}
	packet[3] = packet[3]&0xf0 | number
	return nil
}
