package programme

import "time"

// Timeline is pure integer arithmetic between time since zero, frames and samples. Positions are floors and times are
// ceilings, so that FrameAt(FrameTime(n)) = n and SampleAt(SampleTime(m)) = m for every n and m. Negative arguments
// (before zero) follow the same rules.
type Timeline struct {
	FPS int // frames per second; 0 stands for a programme without video
}

// FrameAt is the frame that is on screen at d.
func (t Timeline) FrameAt(d time.Duration) int64 {
	if t.FPS <= 0 {
		return 0
	}
	return unitsAt(d, int64(t.FPS))
}

// FrameTime is the first moment of frame n.
func (t Timeline) FrameTime(n int64) time.Duration {
	if t.FPS <= 0 {
		return 0
	}
	return unitTime(n, int64(t.FPS))
}

// SampleAt is the sample that sounds at d.
func (t Timeline) SampleAt(d time.Duration) int64 { return unitsAt(d, SampleRate) }

// SampleTime is the first moment of sample m.
func (t Timeline) SampleTime(m int64) time.Duration { return unitTime(m, SampleRate) }

// FrameSample is the sample that stands at the start of frame n.
func (t Timeline) FrameSample(n int64) int64 {
	if t.FPS <= 0 {
		return 0
	}
	q, r := floorDiv(n, int64(t.FPS))
	return q*SampleRate + r*SampleRate/int64(t.FPS)
}

// unitsAt splits off the whole seconds first: d·48000 in nanoseconds overflows after 53 hours.
func unitsAt(d time.Duration, rate int64) int64 {
	s, ns := floorDiv(int64(d), int64(time.Second))
	return s*rate + ns*rate/int64(time.Second)
}

func unitTime(n, rate int64) time.Duration {
	s, r := floorDiv(n, rate)
	return time.Duration(s*int64(time.Second) + (r*int64(time.Second)+rate-1)/rate)
}

func floorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		q--
		r += b
	}
	return q, r
}
