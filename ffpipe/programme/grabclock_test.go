package programme

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// grabSource delivers frames at its own rate with jitter, in order.
type grabSource struct {
	phase  time.Duration
	period float64 // ns
	jitter func(k int64) time.Duration
	last   time.Duration
}

func (s *grabSource) nominal(k int64) time.Duration {
	return s.phase + time.Duration(float64(k)*s.period)
}

func (s *grabSource) arrival(k int64) time.Duration {
	s.last = max(s.last, s.nominal(k)+s.jitter(k))
	return s.last
}

func TestGrabClockEveryPhase(t *testing.T) {
	for _, fps := range []int{15, 24, 25, 30, 60} {
		for _, spread := range []time.Duration{0, 8 * time.Millisecond, 17 * time.Millisecond} {
			for _, warm := range []int64{1, 10, 100} {
				if warm == 1 && 2*spread > time.Second/time.Duration(2*fps) {
					continue // one look at a phase hidden by more than half a period tells nothing
				}
				t.Run(fmt.Sprintf("%dfps±%v/%d", fps, spread, warm), func(t *testing.T) {
					for step := range 40 {
						sweepGrab(t, fps, spread, warm, step)
					}
				})
			}
		}
	}
}

func sweepGrab(t *testing.T, fps int, spread time.Duration, warm int64, step int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(fps), uint64(step)))
	period := time.Second / time.Duration(fps)
	src := &grabSource{phase: period * time.Duration(step) / 40, period: 1e9 / float64(fps), jitter: func(int64) time.Duration {
		return time.Duration(rng.Int64N(int64(2*spread)+1)) - spread
	}}
	c := NewGrabClock(fps)
	k := int64(1000)
	var at time.Duration
	for ; k < 1000+warm; k++ {
		at = src.arrival(k)
		c.Observe(k, at)
	}
	zero, first := c.Begin(at)
	if zero < at || zero-at > period+1 {
		t.Fatalf("step %d: zero %v after now, want 0…%v", step, zero-at, period)
	}
	if off := zero - src.nominal(first); off > spread+time.Microsecond || off < -spread-time.Microsecond {
		t.Fatalf("step %d: zero is %v off the frame's capture", step, off)
	}
	for want := int64(0); want < int64(fps)*20; k++ {
		slot, ok := c.Place(k, src.arrival(k))
		if k < first {
			if slot >= 0 {
				t.Fatalf("step %d: frame before zero got slot %d", step, slot)
			}
			continue
		}
		if !ok || slot != want {
			t.Fatalf("step %d: frame %d: slot %d ok %v, want slot %d", step, k-first, slot, ok, want)
		}
		want++
	}
}

// An hour with a clock that is off: corrections of single frames only, as many as the drift asks for, and the capture
// time never further than about half a period from the slot's.
func TestGrabClockDrift(t *testing.T) {
	const fps = 30
	for _, ppm := range []float64{-200, -20, -9.6, 0, 9.6, 20, 200} {
		t.Run(fmt.Sprint(ppm), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			line := Timeline{fps}
			src := &grabSource{period: 1e9 / fps * (1 + ppm/1e6), jitter: func(int64) time.Duration {
				return time.Duration(rng.Int64N(int64(8 * time.Millisecond)))
			}}
			c := NewGrabClock(fps)
			k := int64(0)
			for ; k < 30; k++ {
				c.Observe(k, src.arrival(k))
			}
			zero, first := c.Begin(src.last)
			last := int64(-1)
			for ; k < 3600*fps; k++ {
				slot, ok := c.Place(k, src.arrival(k))
				switch {
				case k < first:
					continue
				case !ok:
					if slot != last+1 {
						t.Fatalf("dropped slot %d after %d", slot, last)
					}
					continue
				case slot != last+1 && slot != last+2:
					t.Fatalf("slot %d after %d", slot, last)
				}
				last = slot
				if e := src.nominal(k) - zero - line.FrameTime(slot); e > 26*time.Millisecond || e < -26*time.Millisecond {
					t.Fatalf("slot %d is %v from its capture time", slot, e)
				}
			}
			dropped, skipped := c.Corrections()
			drift := ppm / 1e6 * 3600 * fps // in frames
			if got := float64(skipped - dropped); got < drift-0.8 || got > drift+0.8 || dropped*skipped != 0 {
				t.Fatalf("%d dropped, %d skipped for a drift of %.2f frames", dropped, skipped, drift)
			}
		})
	}
}

// A stall ends in a burst of all indices: nothing may be corrected.
func TestGrabClockKeepsItsGridThroughAStall(t *testing.T) {
	src := &grabSource{period: 1e9 / 30.0, jitter: func(k int64) time.Duration {
		if k >= 300 && k < 390 { // stands for 3 s, then 90 frames at once
			return time.Duration(390-k) * time.Second / 30
		}
		return 0
	}}
	c := NewGrabClock(30)
	for k := range int64(10) {
		c.Observe(k, src.arrival(k))
	}
	_, first := c.Begin(src.last)
	for k := int64(10); k < 1000; k++ {
		if slot, ok := c.Place(k, src.arrival(k)); !ok || slot != k-first {
			t.Fatalf("frame %d: slot %d ok %v, want %d", k, slot, ok, k-first)
		}
	}
}

// A capture that has moved for good is followed within seconds, and so is its way back.
func TestGrabClockFollowsAMovedGrid(t *testing.T) {
	src := &grabSource{period: 1e9 / 30.0, jitter: func(k int64) time.Duration {
		if k >= 300 && k < 1200 {
			return time.Second
		}
		return 0
	}}
	c := NewGrabClock(30)
	for k := range int64(10) {
		c.Observe(k, src.arrival(k))
	}
	zero, _ := c.Begin(src.last)
	line := Timeline{30}
	for k := int64(10); k < 2000; k++ {
		at := src.arrival(k)
		slot, ok := c.Place(k, at)
		settled := k < 300 || k > 600 && k < 1200 || k > 1300
		if e := at - zero - line.FrameTime(slot); settled && (!ok || e > 25*time.Millisecond || e < -26*time.Millisecond) {
			t.Fatalf("frame %d: slot %d ok %v is %v from its arrival", k, slot, ok, e)
		}
	}
}

func TestGrabClockWithoutObservation(t *testing.T) {
	c := NewGrabClock(30)
	if _, ok := c.Place(4, time.Second); ok {
		t.Fatal("placed before Begin")
	}
	c = NewGrabClock(30)
	zero, first := c.Begin(time.Second)
	if zero != time.Second || first != -1 {
		t.Fatalf("zero %v first %d", zero, first)
	}
	for k := range int64(100) {
		at := time.Second + 240*time.Millisecond + c.line.FrameTime(k)
		if slot, ok := c.Place(k+77, at); !ok || slot != k+7 {
			t.Fatalf("frame %d: slot %d ok %v, want %d", k, slot, ok, k+7)
		}
	}
}

// Half a period is the limit again once the last correction is well behind.
func TestGrabClockForgetsItsLastCorrection(t *testing.T) {
	var late time.Duration
	src := &grabSource{period: 1e9 / 30.0, jitter: func(int64) time.Duration { return late }}
	c := NewGrabClock(30)
	k := int64(0)
	play := func(d time.Duration) {
		late = d
		for end := k + 300; k < end; k++ {
			src.last = 0
			c.Place(k, src.arrival(k))
		}
	}
	c.Observe(0, 0)
	c.Begin(0)
	for _, tt := range []struct {
		late             time.Duration
		dropped, skipped int64
	}{{0, 0, 0}, {40 * time.Millisecond, 0, 1}, {13 * time.Millisecond, 1, 1}} {
		play(tt.late)
		if d, s := c.Corrections(); d != tt.dropped || s != tt.skipped {
			t.Fatalf("late %v: %d dropped, %d skipped; want %d, %d", tt.late, d, s, tt.dropped, tt.skipped)
		}
	}
}
