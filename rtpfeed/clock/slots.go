package clock

import (
	"math"
	"time"
)

const (
	// slotLimit is how far, in frames, pictures may stand off the middle of their slots before the whole series is moved
	// by one: more than half, so that a clock that drifts across the boundary crosses it once.
	slotLimit = 0.75
	// slotGain is how quickly the series' phase follows, if its period is a whole number of frames, give or take
	// slotWhole. Other series have no phase, and what is left of it goes by slotFade a picture.
	slotGain  = 0.02
	slotWhole = 0.1
	slotFade  = 0.001
	// slotReach is how far a picture may be off and still take the slot after its predecessor's, if it comes one period
	// after it, give or take slotEven.
	slotReach = 0.75
	slotEven  = 0.15
	// After slotOff pictures in a row beyond slotEdge on one side the phase was wrong.
	slotOff  = 4
	slotEdge = 0.35
)

// Slots gives pictures their slots by their times. It rounds around the phase that the series of pictures has against
// the slots, not around the slots: a source of the programme's own rate has each picture in a slot of its own, at
// whatever phase and in spite of jitter, and one whose clock drifts has one slot repeated or one picture dropped each
// time it has drifted by a whole frame.
type Slots struct {
	fps   float64
	any   bool
	x     float64 // of the last picture, in frames
	slot  int64
	phase float64 // of the series
	off   int     // pictures in a row near the edge, negative for the lower one
}

// NewSlots is for a programme of fps frames a second.
func NewSlots(fps int) *Slots { return &Slots{fps: float64(max(fps, 1))} }

// Place gives the slot of a picture that stands at a time on the timeline. Two pictures can have the same slot: the
// later one counts.
func (s *Slots) Place(at time.Duration) int64 {
	x := at.Seconds() * s.fps
	if !s.any {
		s.any = true
		s.phase = x - math.Round(x)
		s.x, s.slot = x, int64(math.Round(x))
		return s.slot
	}
	slot, step := int64(math.Round(x-s.phase)), x-s.x
	if math.Abs(step-1) < slotEven && math.Abs(x-s.phase-float64(s.slot+1)) <= slotReach {
		slot = s.slot + 1
	}
	if math.Abs(step-math.Round(step)) < slotWhole {
		s.follow(x - s.phase - float64(slot))
	} else {
		s.phase -= s.phase * slotFade
	}
	s.x, s.slot = x, slot
	return slot
}

// follow moves the phase towards the pictures.
func (s *Slots) follow(off float64) {
	switch {
	case off > slotEdge:
		s.off = max(s.off, 0) + 1
	case off < -slotEdge:
		s.off = min(s.off, 0) - 1
	default:
		s.off = 0
	}
	if s.off >= slotOff || s.off <= -slotOff {
		s.phase, s.off = s.phase+off, 0
	}
	s.phase += slotGain * off
	switch {
	case s.phase > slotLimit:
		s.phase--
	case s.phase < -slotLimit:
		s.phase++
	}
}
