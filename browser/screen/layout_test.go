package screen

import (
	"bytes"
	"testing"
)

func TestLayout(t *testing.T) {
	deep := setup{depth: 16, bits: 16, pad: 32, trueColor: true, red: 0xf800, green: 0x7e0, blue: 0x1f}
	flat := setup{depth: 8, bits: 8, pad: 32, trueColor: true, red: 7, green: 0x38, blue: 0xc0}
	cases := []struct {
		setup  setup
		pixels []byte
		want   []byte
	}{
		{deep, []byte{0xff, 0xff, 0, 0}, []byte{255, 255, 255, 0, 0, 0, 0, 0}},
		{deep, []byte{0x00, 0xf8, 0x1f, 0}, []byte{0, 0, 255, 0, 255, 0, 0, 0}},
		{deep, []byte{0x10, 0x84, 0xe0, 7}, []byte{132, 130, 132, 0, 0, 255, 0, 0}},
		{flat, []byte{0xff, 0x07}, []byte{255, 255, 255, 0, 0, 0, 255, 0}},
		{flat, []byte{0xc0, 0x08}, []byte{255, 0, 0, 0, 0, 36, 0, 0}},
	}
	for _, c := range cases {
		l, err := newLayout(&c.setup, 2)
		if err != nil {
			t.Fatal(err)
		}
		top, bottom := l.pair(c.pixels, c.pixels, 2)
		if !bytes.Equal(top, c.want) || !bytes.Equal(bottom, c.want) {
			t.Errorf("depth %d, %x: %v and %v, want %v", c.setup.depth, c.pixels, top, bottom, c.want)
		}
	}
	for name, s := range map[string]setup{
		"palette":        {depth: 8, bits: 8, pad: 32},
		"big endian":     {depth: 24, bits: 32, pad: 32, trueColor: true, red: 0xff0000, green: 0xff00, blue: 0xff, bigEndian: true},
		"other colours":  {depth: 30, bits: 32, pad: 32, trueColor: true, red: 0x3ff00000, green: 0xffc00, blue: 0x3ff},
		"packed":         {depth: 24, bits: 24, pad: 32, trueColor: true, red: 0xff0000, green: 0xff00, blue: 0xff},
		"no such format": {depth: 24, trueColor: true},
	} {
		if _, err := newLayout(&s, 2); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStride(t *testing.T) {
	for _, c := range []struct{ bits, pad, width, want int }{
		{32, 32, 642, 2568}, {16, 32, 642, 1284}, {16, 32, 641, 1284}, {8, 32, 642, 644}, {8, 0, 3, 3},
	} {
		if got := (&setup{bits: c.bits, pad: c.pad}).stride(c.width); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func FuzzParseSetup(f *testing.F) {
	f.Add(make([]byte, 200))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := parseSetup(body)
		if err == nil && (s.width < 0 || s.stride(16) < 0) {
			t.Errorf("%+v", s)
		}
	})
}
