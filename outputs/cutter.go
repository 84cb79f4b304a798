package outputs

import (
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// cutter decides where segments begin. With a picture a segment begins with a
// keyframe, and is as long as wished or, where an encoder died, shorter: never
// longer, since players rely on that. Sound alone is cut between any two
// fragments.
type cutter struct {
	line   programme.Timeline
	video  bool
	length int64 // frames, or samples where there is no picture
	gop    int64 // frames between keyframes; 0 = only one for each segment is sure

	open       bool
	start, end int64 // of the open segment, in frames or samples
}

func newCutter(fps int, video bool, seconds, gop int) *cutter {
	c := &cutter{line: programme.Timeline{FPS: fps}, video: video, length: int64(seconds) * programme.SampleRate, gop: int64(gop)}
	if video {
		c.length = int64(seconds) * int64(fps)
		if c.gop <= 0 || c.gop > c.length {
			c.gop = c.length
		}
	}
	return c
}

// place is a fragment's part of the timeline that counts.
func (c *cutter) place(f *Fragment) (from, to int64) {
	if c.video {
		return f.VideoStart, f.VideoEnd
	}
	return f.AudioStart, f.AudioEnd
}

// begins tells whether a fragment begins a segment.
func (c *cutter) begins(f *Fragment) bool {
	from, to := c.place(f)
	switch {
	case !c.open:
		return f.Key
	case !f.Key || from <= c.start:
		return false
	case c.video:
		return from-c.start+c.gop > c.length // the next keyframe would be too late
	}
	return to-c.start > c.length
}

// take adds a fragment to the open segment, or to a new one.
func (c *cutter) take(f *Fragment, begins bool) {
	from, to := c.place(f)
	if begins {
		c.open, c.start, c.end = true, from, from
	}
	c.end = max(c.end, to)
}

// time is a place in the time since zero.
func (c *cutter) time(at int64) time.Duration {
	if c.video {
		return c.line.FrameTime(at)
	}
	return c.line.SampleTime(at)
}
