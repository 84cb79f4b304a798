package programme

import "time"

const (
	pcmWindow  = time.Second
	pcmBuckets = 8
	// Corrections begin at half a millisecond and end close to zero.
	pcmSteerOn  = SampleRate / 2000
	pcmSteerOff = 2
	// A jump is lost or doubled sound: more than 20 ms off for half a second. After a stall the backlog comes at once
	// and the old positions are right again, so that a jump must last.
	pcmJump     = SampleRate / 50
	pcmJumpHold = 500 * time.Millisecond
)

// PCMClock places successive blocks of PCM from a source with a clock of its own (a sound server's monitor) on the
// timeline. A block's last sample was played at its arrival or before, never after, so that the minimum over 1 s of
// (arrival − samples so far) is where the source's sample count stands; single-sample corrections keep the position
// within about 1 ms of it for clocks up to ±200 ppm off, in blocks of 50 ms at most.
//
// It is pure arithmetic, for one goroutine; times are on the monotonic clock, durations since one epoch.
type PCMClock struct {
	line   Timeline
	delay  time.Duration
	zero   time.Duration
	window minFilter

	count    int64 // samples received
	next     int64 // position of the next block
	anchored bool
	steering Steering
	jumping  bool
	jumped   time.Duration

	anchors int64
}

// NewPCMClock makes a clock that moves all sound later by delay (earlier when negative).
func NewPCMClock(delay time.Duration) *PCMClock {
	return &PCMClock{delay: delay, window: newMinFilter(pcmWindow, pcmBuckets)}
}

// Observe takes a block of n samples per channel that is not to be placed, so that the phase is known when it counts.
func (c *PCMClock) Observe(n int, arrival time.Duration) {
	c.count += int64(n)
	c.window.add(arrival, arrival-c.line.SampleTime(c.count))
	c.anchored = false
}

// Begin says where the timeline's zero stands in the epoch of the arrivals; without it arrivals are since zero.
func (c *PCMClock) Begin(zero time.Duration) {
	c.zero = zero
	c.anchored = false
}

// Place gives the position of a block of n samples per channel that has arrived. adjust is −1, 0 or +1: by so many
// samples the block has to be made longer before it is written (see [AdjustPCM]). A position may be negative (before
// zero), and differs from the end of the previous block only when a jump was followed.
func (c *PCMClock) Place(n int, arrival time.Duration) (at int64, adjust int) {
	c.count += int64(n)
	phase := c.window.add(arrival, arrival-c.line.SampleTime(c.count))
	want := c.line.SampleAt(phase-c.zero+c.delay) + c.count - int64(n)
	if !c.anchored {
		c.anchor(want)
	}
	switch e := want - c.next; {
	case e > pcmJump || e < -pcmJump:
		c.steering.Rest()
		if !c.jumping {
			c.jumping, c.jumped = true, arrival
		}
		if arrival-c.jumped >= pcmJumpHold {
			c.anchor(want)
		}
	default:
		c.jumping = false
		adjust = c.steering.Correct(e, pcmSteerOn, pcmSteerOff)
		if n+adjust <= 0 {
			adjust = 0
		}
	}
	at = c.next
	c.next += int64(n + adjust)
	return at, adjust
}

func (c *PCMClock) anchor(at int64) {
	c.next, c.anchored = at, true
	c.jumping = false
	c.steering.Rest()
	c.anchors++
}

// Corrections tells how many single samples were added or taken out, and how often the position was set anew, the
// first time included.
func (c *PCMClock) Corrections() (samples, anchors int64) { return c.steering.Given(), c.anchors }
