package outputs

import (
	"slices"
	"testing"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// TestShutter: the first frame that it sees and then one every so often; what
// there is no room for is left out, and no frame is kept.
func TestShutter(t *testing.T) {
	f := programme.Format{Width: 16, Height: 16, FPS: 30, Video: true}
	pool := programme.NewFramePool(f.FrameBytes())
	s := newShutter(10)
	for n := int64(5); n < 100; n++ {
		frame := pool.Get()
		s.VideoFrame(n, frame, false)
		frame.Release()
	}
	s.End(100, 0)
	s.VideoFrame(200, nil, false) // after the end: nothing
	var got []int64
	for {
		taken, ok := s.next()
		if !ok {
			break
		}
		got = append(got, taken.slot)
		taken.frame.Release()
	}
	if want := []int64{5, 15, 25, 35}; !slices.Equal(got, want) {
		t.Errorf("took %d, want %d", got, want)
	}
	if s.left() != 6 || s.slots() != 95 || pool.InUse() != 0 {
		t.Errorf("%d left out, %d slots, %d frames kept", s.left(), s.slots(), pool.InUse())
	}
	s = newShutter(1)
	frame := pool.Get()
	s.VideoFrame(0, frame, false)
	frame.Release()
	s.discard()
	if pool.InUse() != 0 {
		t.Error("a frame is kept that nobody will have")
	}
}
