package compose

import (
	"bytes"
	"testing"

	"github.com/ffegress/ffegress/rtpfeed"
)

func TestPayload(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 200)
	for _, c := range []struct {
		codec rtpfeed.Codec
		parts [][]byte
		want  []byte
	}{
		{rtpfeed.VP8, [][]byte{{1, 2, 3}}, []byte{1, 2, 3}},
		{rtpfeed.H264, [][]byte{{0x67, 1}, nil, {0x65, 2}}, []byte{0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 2}},
		{rtpfeed.AV1, [][]byte{{0x08, 9}, {}, {0x34, 0x20}, {0x30}}, []byte{0x0a, 1, 9, 0x36, 0x20, 0, 0x32, 0}},
		{rtpfeed.AV1, [][]byte{append([]byte{0x30}, long...)}, append([]byte{0x32, 0xc8, 1}, long...)},
		{rtpfeed.AV1, [][]byte{{0x34}}, []byte{0x36, 0}},
	} {
		if got := appendPayload(nil, c.codec, &rtpfeed.Unit{Parts: c.parts}); !bytes.Equal(got, c.want) {
			t.Errorf("%v % x: % x, want % x", c.codec, c.parts, got, c.want)
		}
	}
}

func TestMicros(t *testing.T) {
	for _, rate := range []int64{90000, 48000, 8000} {
		for _, ticks := range []int64{0, 1, 2, 3, 7, 89999, 90000, 90001, 3003, 1 << 40, 1<<40 + 11} {
			us := micros(ticks, rate)
			if got := ticksOf(microsDuration(us), rate); got != ticks {
				t.Errorf("%d ticks of %d Hz come back as %d", ticks, rate, got)
			}
		}
	}
}
