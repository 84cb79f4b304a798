package publish

import (
	"sync/atomic"

	"github.com/pion/rtcp"
)

// answer gives the frames of a picture and has one of the next KeyChoice be a
// keyframe when somebody asks for one.
type answer struct {
	material []*Material // with keyframes from frame i·KeyChoice on, KeyInterval apart
	asked    atomic.Bool
	current  int
}

// hear takes what a receiver says of the track.
func (a *answer) hear(p rtcp.Packet) {
	switch p.(type) {
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		a.asked.Store(true)
	}
}

// frame is the n-th to be sent; the materials show the same, so that one can
// go on where another has a keyframe.
func (a *answer) frame(n int64) []byte {
	if phase := int(n % KeyInterval); phase%KeyChoice == 0 && phase/KeyChoice < len(a.material) && a.asked.Swap(false) {
		a.current = phase / KeyChoice
	}
	frames := a.material[a.current].Frames
	return frames[n%int64(len(frames))]
}
