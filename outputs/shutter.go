package outputs

import (
	"sync"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// maxShots is how many frames may wait to become pictures: megabytes each.
const maxShots = 4

// shot is a frame that was taken.
type shot struct {
	slot  int64
	frame *programme.Frame
}

// shutter takes a frame of the programme every so often. The programme never
// waits for it: a frame for which there is no room is left out.
type shutter struct {
	every int64

	mu     sync.Mutex
	due    int64 // the slot from which on the next one is taken
	shots  chan shot
	closed bool
	missed int64
	length int64 // slots seen
}

func newShutter(every int64) *shutter {
	return &shutter{every: max(1, every), shots: make(chan shot, maxShots)}
}

var _ programme.Consumer = (*shutter)(nil)

// VideoFrame takes the frame if it is due. A shutter that begins late takes the
// first that it sees.
func (s *shutter) VideoFrame(n int64, f *programme.Frame, _ bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.length++
	if n < s.due {
		return
	}
	s.due = n + s.every
	select {
	case s.shots <- shot{n, f.Retain()}:
	default:
		f.Release() // what Retain added
		s.missed++
	}
}

// AudioBlock changes nothing.
func (s *shutter) AudioBlock(int64, []int16) {}

// End says that no frame comes any more.
func (s *shutter) End(int64, int64) { s.close() }

// close ends the taking; what was taken can still be had.
func (s *shutter) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.shots)
	}
}

// next waits for a frame, which is the caller's to release; false when there are
// no more.
func (s *shutter) next() (shot, bool) {
	taken, ok := <-s.shots
	return taken, ok
}

// discard closes and gives back what nobody will have.
func (s *shutter) discard() {
	s.close()
	for unused := range s.shots {
		unused.frame.Release()
	}
}

// left is how many frames were not taken though they were due.
func (s *shutter) left() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.missed
}

// slots is how many frames went by.
func (s *shutter) slots() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.length
}
