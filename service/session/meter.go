package session

import (
	"sync/atomic"
	"time"
)

// Progress is how a running egress stands; it is cheap to ask for at any time from any goroutine.
type Progress struct {
	Elapsed time.Duration // media time
	Frames  int64
	Repeats int64 // frames that repeat the one before, for lack of a fresh one or of time to encode it
	Bytes   int64 // on disk
	Encoder int   // times that the encoder was restarted
	Paused  bool

	Overload int64         // repeats of them for lack of time to encode
	Holes    int64         // frames that show another's picture because the encoder died
	MaxHold  time.Duration // longest time that one picture stood
	Speed    float64       // of the encoder: media time per wall time; 0 = it does not tell, or there is none
}

// meter lets other goroutines look at the recording once it runs.
type meter struct{ recorder atomic.Pointer[recorder] }

func (m *meter) begin(r recorder) { m.recorder.Store(&r) }

// Progress tells how the egress stands; false before it is active.
func (s *Session) Progress() (Progress, bool) {
	r := s.meter.recorder.Load()
	if r == nil {
		return Progress{}, false
	}
	return (*r).progress(), true
}
