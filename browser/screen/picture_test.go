package screen

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestDiffers expects that a change is told in whichever plane it is.
func TestDiffers(t *testing.T) {
	const w, h = 6, 4
	before := make([]byte, w*h*3/2)
	for i := range before {
		now := bytes.Clone(before)
		now[i] = 1
		p := picture{now, w, h}
		if p.differs(before, 0) == p.differs(before, 2) {
			t.Errorf("byte %d: told of no pair of rows, or of two", i)
		}
	}
}

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
			changed := picture{got, w, h}.update(first, now, stride, l, rows{from, to}.even())
			if changed != (from < to) {
				t.Errorf("rows %d to %d: changed is %v", from, to, changed)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("rows %d to %d differ", from, to)
			}
		}
	}
}
