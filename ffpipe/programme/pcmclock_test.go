package programme

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// pcmSource delivers blocks of n samples of a clock that is ppm fast, late by jitter.
type pcmSource struct {
	n      int
	ppm    float64
	jitter func() time.Duration
	count  int64
	offset time.Duration
	last   time.Duration
}

// next returns the time at which the block began to sound, and its arrival.
func (s *pcmSource) next() (start, arrival time.Duration) {
	ns := 1e9 / (SampleRate * (1 + s.ppm/1e6))
	start = s.offset + time.Duration(float64(s.count)*ns)
	s.count += int64(s.n)
	s.last = max(s.last, s.offset+time.Duration(float64(s.count)*ns)+s.jitter())
	return start, s.last
}

func TestPCMClockFollowsSkewedClocks(t *testing.T) {
	const delay = 55 * time.Millisecond
	for _, ppm := range []float64{-200, -20, 0, 20, 200} {
		for _, n := range []int{256, 480, 1024, 2048} {
			t.Run(fmt.Sprintf("%+gppm/%d", ppm, n), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(3, uint64(n)))
				src := &pcmSource{n: n, ppm: ppm, jitter: func() time.Duration {
					if n <= 480 {
						return time.Duration(rng.Int64N(int64(12 * time.Millisecond)))
					}
					return min(time.Duration(rng.ExpFloat64()*float64(3*time.Millisecond)), 40*time.Millisecond)
				}}
				c := NewPCMClock(delay)
				for range SampleRate / n {
					_, at := src.next()
					c.Observe(n, at)
				}
				zero := src.last
				c.Begin(zero)
				var end int64
				for i := 0; src.last < 600*time.Second; i++ {
					start, arrival := src.next()
					at, adjust := c.Place(n, arrival)
					if i > 0 && at != end {
						t.Fatalf("block %d at %d, want %d", i, at, end)
					}
					end = at + int64(n+adjust)
					e := c.line.SampleTime(at) - (start - zero + delay)
					if e < -1100*time.Microsecond || e > 1100*time.Microsecond {
						t.Fatalf("block %d is %v off", i, e)
					}
				}
				samples, anchors := c.Corrections()
				want := ppm / 1e6 * 600 * SampleRate
				if want < 0 {
					want = -want
				}
				if anchors != 1 || float64(samples) > want+1000 {
					t.Fatalf("%d corrections, want about %.0f; %d anchors", samples, want, anchors)
				}
			})
		}
	}
}

func TestPCMClockJump(t *testing.T) {
	tests := []struct {
		name    string
		lost    time.Duration // sound that never comes
		stall   time.Duration // sound that comes late, all at once
		anchors int64
	}{
		{"nothing", 0, 0, 1},
		{"lost 15 ms is corrected sample by sample", 15 * time.Millisecond, 0, 1},
		{"lost 100 ms", 100 * time.Millisecond, 0, 2},
		{"lost 3 s", 3 * time.Second, 0, 2},
		{"stalled 300 ms", 0, 300 * time.Millisecond, 1},
		{"stalled 3 s", 0, 3 * time.Second, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var late time.Duration
			src := &pcmSource{n: 480, jitter: func() time.Duration { return late }}
			c := NewPCMClock(0)
			var start, arrival time.Duration
			var at int64
			for range 300 {
				start, arrival = src.next()
				c.Place(480, arrival)
			}
			src.offset += tt.lost
			for range 2 { // what was told of the first stall must not count for the second
				for back := src.last + tt.stall; src.last < back; {
					late = back - src.offset - time.Duration(src.count+480)*time.Second/SampleRate
					_, arrival = src.next()
					c.Place(480, arrival)
				}
				late = 0
				for range 800 {
					start, arrival = src.next()
					at, _ = c.Place(480, arrival)
				}
			}
			if e := c.line.SampleTime(at) - start; e > time.Millisecond || e < -time.Millisecond {
				t.Errorf("%v off 8 s later", e)
			}
			if _, anchors := c.Corrections(); anchors != tt.anchors {
				t.Errorf("%d anchors, want %d", anchors, tt.anchors)
			}
		})
	}
}
