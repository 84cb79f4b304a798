package programme

import "time"

const (
	// grabWindow is how long all frames must come late before the capture's grid is taken to have moved. A shorter
	// stall ends in a burst of all missing indices (x11grab never skips one), and then the old grid holds.
	grabWindow  = 5 * time.Second
	grabBuckets = 10
	// grabSettle is the observed time after which the phase is trusted.
	grabSettle = 2 * time.Second
)

// GrabClock places the frames of a capture with a clock of its own (x11grab) on the programme's timeline by their
// index: frame k was taken at phase + k·period, however late it arrives. The phase is the minimum of (arrival −
// k·period); Begin puts zero on the capture's own grid, so that positions are whole slots without a phase error. The
// capture's true period is a little off (x11grab rounds it to whole microseconds: −9.6 ppm at 30 fps); when that has
// grown to half a period, one frame is dropped or one slot left empty.
//
// All times are durations since one epoch that the caller chooses, on the monotonic clock. It is pure arithmetic, for
// one goroutine. Use:
//
//	c := NewGrabClock(30)
//	c.Observe(k, arrival)               // each frame, from the moment the capture runs
//	zero, first := c.Begin(now)         // recording starts: programme.Start(epoch.Add(zero))
//	slot, ok := c.Place(k, arrival)     // each frame from then on
type GrabClock struct {
	line   Timeline
	window minFilter

	from, until time.Duration // of all observations
	newest      int64         // index
	observed    bool

	begun  bool
	zero   time.Duration
	phase  time.Duration // the grid that slots are counted on now
	floor  time.Duration // how far the settling may move the grid
	shift  int64         // index − slot
	placed bool          // shift and phase are known
	last   int64         // direction of the last correction

	dropped, skipped int64
}

// NewGrabClock is for a capture at fps frames a second.
func NewGrabClock(fps int) *GrabClock {
	return &GrabClock{line: Timeline{FPS: max(fps, 1)}, window: newMinFilter(grabWindow, grabBuckets)}
}

// Observe tells that the frame with that index (counted by the capture from any start, never skipping) arrived.
func (c *GrabClock) Observe(index int64, arrival time.Duration) {
	c.observe(index, arrival)
}

func (c *GrabClock) observe(index int64, arrival time.Duration) time.Duration {
	if !c.observed {
		c.from, c.newest, c.observed = arrival, index, true
	}
	c.until, c.newest = arrival, max(c.newest, index)
	return c.window.add(arrival, arrival-c.line.FrameTime(index))
}

// Begin sets the timeline's zero to the nominal capture time of the first frame at or after at that was not observed
// yet, and returns it with that frame's index. Some ten frames should have been observed by then. Without any, zero is
// at, first is −1, and the first frame placed sets the grid.
func (c *GrabClock) Begin(at time.Duration) (zero time.Duration, first int64) {
	c.begun, c.zero = true, at
	phase, ok := c.window.min()
	if !ok {
		return at, -1
	}
	first = max(c.line.FrameAt(at-phase), c.newest+1)
	for c.line.FrameTime(first)+phase < at {
		first++
	}
	c.zero = phase + c.line.FrameTime(first)
	c.anchor(phase, first)
	return c.zero, first
}

func (c *GrabClock) anchor(phase time.Duration, shift int64) {
	c.phase, c.shift, c.placed = phase, shift, true
	c.floor = phase - c.line.FrameTime(1)
}

// Place gives the slot of a frame. ok is false when the frame must be dropped: before Begin, or as the one frame too
// many of a phase correction. A frame taken before zero has a negative slot.
func (c *GrabClock) Place(index int64, arrival time.Duration) (slot int64, ok bool) {
	phase := c.observe(index, arrival)
	if !c.begun {
		return 0, false
	}
	period := c.line.FrameTime(1)
	if !c.placed {
		nearest := c.line.FrameAt(arrival - c.zero + period/2)
		c.anchor(phase, index-nearest)
	}
	if phase < c.phase && c.until-c.from < grabSettle {
		// Nothing has drifted yet: the first frames were all late, and the estimate gets better.
		c.phase = max(phase, c.floor)
	}
	slot = index - c.shift
	switch e := phase - c.phase; {
	case e < -c.limit(-1):
		c.phase -= period
		c.shift++
		c.last = -1
		c.dropped++
		return slot, false
	case e > c.limit(1):
		c.phase += period
		c.shift--
		c.last = 1
		c.skipped++
		return slot + 1, true
	case e > -period/4 && e < period/4:
		c.last = 0
	}
	return slot, true
}

// limit is half a period, and more for taking the last correction back: right after one the error is half a period
// the other way, and noise must not make it swing.
func (c *GrabClock) limit(direction int64) time.Duration {
	period := c.line.FrameTime(1)
	if c.last == -direction {
		return period * 3 / 4
	}
	return period / 2
}

// Corrections tells how many frames were dropped and how many slots left empty to follow the capture's clock.
func (c *GrabClock) Corrections() (dropped, skipped int64) { return c.dropped, c.skipped }
