package sound

import "github.com/ffegress/ffegress/ffpipe/programme"

const (
	// Single samples are put in or taken out from a quarter of a millisecond on until nothing is left of it.
	steerOn  = SampleRate / 4000
	steerOff = 1
	// steerReach is what is mended that way, at about a thousand ppm; more is a jump.
	steerReach = SampleRate * 40 / 1000
	// pause is silence long enough that what comes after it may be moved without a trace.
	pause = SampleRate / 10
)

// Samples gives successive blocks of sound their sample positions (48 kHz): one after the other, while what their clock
// says differs little, and steered by single samples towards it.
type Samples struct {
	any      bool
	next     int64
	steering programme.Steering
	jumps    int64
}

// Place gives the position of a block of n samples that the clock wants at want and that begins skipped samples after
// the end of the one before, by their timestamps. adjust is −1, 0 or +1: by so many samples it has to be made longer
// (programme.AdjustPCM). cut says that it does not follow on what was before, in spite of skipped.
func (s *Samples) Place(want, skipped int64, n int) (at int64, adjust int, cut bool) {
	at = s.next + skipped
	off := want - at
	switch {
	case !s.any:
		at = want
	case off > steerReach || off < -steerReach:
		at, cut = want, true
		s.steering.Rest()
		s.jumps++
	case skipped >= pause && want >= s.next:
		at = want
		s.steering.Rest()
	case n > 1:
		adjust = s.steering.Correct(off, steerOn, steerOff)
	}
	s.any = true
	s.next = at + int64(n+adjust)
	return at, adjust, cut
}

// Next is where the block before ended.
func (s *Samples) Next() (int64, bool) { return s.next, s.any }

// Corrections tells how many single samples were put in or taken out, and how often sound had to jump.
func (s *Samples) Corrections() (samples, jumps int64) { return s.steering.Given(), s.jumps }
