package screen

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestUpdate expects that converting some rows makes the same picture as
// converting all.
func TestUpdate(t *testing.T) {
	const w, h, stride = 6, 12, 28
	random := rand.New(rand.NewPCG(7, 8))
	before, now := make([]byte, stride*h), make([]byte, stride*h)
	for i := range before {
		before[i] = byte(random.Uint32())
	}
	l := &layout{bytes: 4}
	first := make([]byte, w*h*3/2)
	picture{first, w, h}.update(nil, before, stride, l, rows{0, h})
	for from := 0; from <= h; from++ {
		for to := from; to <= h; to++ {
			copy(now, before)
			for i := from * stride; i < to*stride; i++ {
				now[i] = byte(random.Uint32())
			}
			want, got := make([]byte, len(first)), make([]byte, len(first))
			picture{want, w, h}.update(nil, now, stride, l, rows{0, h})
			picture{got, w, h}.update(first, now, stride, l, rows{from, to}.even())
			if !bytes.Equal(got, want) {
				t.Errorf("rows %d to %d differ", from, to)
			}
		}
	}
}
