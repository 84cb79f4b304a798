package outputs

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// packet of a stream, with or without payload.
func packet(pid uint16, payload bool, number byte) []byte {
	p := make([]byte, tsPacket)
	p[0], p[1], p[2], p[3] = tsSync, 0x40|byte(pid>>8), byte(pid), 0x20|number
	if payload {
		p[3] = 0x10 | number
	}
	return p
}

func TestContinuity(t *testing.T) {
	var c continuity
	var got []byte
	for range 20 { // two streams that begin with 0 again and again
		in := join(packet(0x100, true, 0), packet(0x101, true, 0), packet(0x100, false, 0), packet(0x100, true, 1), packet(tsNull, true, 9))
		var out bytes.Buffer
		if n, err := c.copy(&out, bytes.NewReader(in)); err != nil || n != int64(len(in)) {
			t.Fatalf("%d, %v", n, err)
		}
		got = append(got, out.Bytes()...)
	}
	next := map[byte]byte{}
	for ; len(got) > 0; got = got[tsPacket:] {
		if got[1]&0x1f == 0x1f {
			if got[3] != 0x19 {
				t.Fatalf("a packet of no stream was changed: %x", got[:4])
			}
			continue
		}
		pid, number := got[2], got[3]&0xf
		if got[3]&0x10 == 0 {
			if number != (next[pid]-1)&0xf {
				t.Fatalf("without payload %d, next is %d", number, next[pid])
			}
			continue
		}
		if number != next[pid] {
			t.Fatalf("number %d, want %d", number, next[pid])
		}
		next[pid] = (number + 1) & 0xf
	}
}

func TestContinuityMalformed(t *testing.T) {
	for name, in := range map[string][]byte{
		"cut": packet(1, true, 0)[:187], "no sync": make([]byte, tsPacket), "cut later": join(packet(1, true, 0), []byte{tsSync}),
	} {
		var c continuity
		if _, err := c.copy(io.Discard, bytes.NewReader(in)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzContinuity: whatever a child writes, it is copied whole or refused.
func FuzzContinuity(f *testing.F) {
	f.Add(join(packet(0x100, true, 3), packet(0x11, false, 0)))
	f.Add(packet(tsNull, true, 0)[:100])
	f.Fuzz(func(t *testing.T, in []byte) {
		var c continuity
		var out bytes.Buffer
		n, err := c.copy(&out, bytes.NewReader(in))
		if n != int64(out.Len()) || err == nil && out.Len() != len(in) || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%d of %d bytes, %v", n, len(in), err)
		}
		for i, b := range out.Bytes() {
			if i%tsPacket != 3 && b != in[i] {
				t.Fatalf("byte %d was changed", i)
			}
		}
	})
}
