package rtpfeed

import (
	"bytes"
	"testing"
)

// libaomSequence is a sequence header OBU's body as libaom writes it for 640x360, 8 bits, 4:2:0.
var libaomSequence = []byte{0x00, 0x00, 0x00, 0x0c, 0xc4, 0xff, 0x67, 0x36, 0xbe, 0x40, 0x10}

func TestSequence(t *testing.T) {
	s, err := parseSequence(libaomSequence)
	if err != nil || s.width != 640 || s.height != 360 || s.profile != 0 || s.highBitDepth || s.monochrome || !s.subsamplingX || !s.subsampling {
		t.Errorf("%+v, %v", s, err)
	}
	for n := range len(libaomSequence) - 2 {
		if _, err := parseSequence(libaomSequence[:n]); err == nil {
			t.Errorf("%d bytes are enough", n)
		}
	}
	private, err := av1Private(Unit{Parts: [][]byte{append([]byte{obuSequence << 3}, libaomSequence...)}})
	if err != nil || private[0] != 0x81 || !bytes.HasSuffix(private, libaomSequence) {
		t.Errorf("%x, %v", private, err)
	}
}

func FuzzSequence(f *testing.F) {
	f.Add(libaomSequence)
	f.Fuzz(func(t *testing.T, body []byte) {
		if s, err := parseSequence(body); err == nil && (s.width < 1 || s.width > 1<<16 || s.height < 1 || s.height > 1<<16) {
			t.Fatalf("%+v", s)
		}
	})
}
