package clock

import (
	"math/rand/v2"
	"testing"
	"time"
)

// feed gives pictures at a rate to slots at fps and counts slots without a picture and pictures that lost theirs to
// another, after the first second.
func feed(fps int, rate float64, phase float64, jitter time.Duration, length time.Duration) (repeats, skips int, worst time.Duration) {
	s := NewSlots(fps)
	rng := rand.New(rand.NewPCG(3, uint64(phase*1000)))
	var last int64
	period := time.Duration(float64(time.Second) / float64(fps))
	for n := 0; ; n++ {
		at := time.Duration((float64(n) + phase) / rate * float64(time.Second))
		if at > length {
			return repeats, skips, worst
		}
		at += time.Duration((rng.Float64()*2 - 1) * float64(jitter))
		slot := s.Place(at)
		if n > 0 && at > time.Second {
			switch step := slot - last; {
			case step > 1:
				repeats += int(step - 1)
			case step < 1:
				skips++
			}
			worst = max(worst, (time.Duration(slot)*period - at).Abs())
		}
		last = slot
	}
}

func TestSameRateHasNeitherRepeatNorSkip(t *testing.T) {
	for phase := 0.0; phase < 1; phase += 0.05 {
		for _, jitter := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 9 * time.Millisecond} {
			repeats, skips, worst := feed(30, 30, phase, jitter, time.Minute)
			if repeats+skips > 0 {
				t.Errorf("phase %.2f, jitter %v: %d repeats, %d skips", phase, jitter, repeats, skips)
			}
			if limit := 17*time.Millisecond + 2*jitter + time.Millisecond; worst > limit {
				t.Errorf("phase %.2f, jitter %v: a picture is %v off, want ≤ %v", phase, jitter, worst, limit)
			}
		}
	}
}

func TestDriftCostsOneFrameEach(t *testing.T) {
	const length = 30 * time.Minute // 200 ppm of it are 10.8 frames
	for _, ppm := range []float64{-200, -20, 20, 200} {
		repeats, skips, worst := feed(30, 30*(1+ppm*1e-6), 0.3, 4*time.Millisecond, length)
		want := 30 * length.Seconds() * max(ppm, -ppm) * 1e-6
		if got := float64(max(repeats, skips)); got > want+1 || got < want-1 || min(repeats, skips) > 0 {
			t.Errorf("%+.0f ppm: %d repeats, %d skips, want %.1f of one kind", ppm, repeats, skips, want)
		}
		if worst > 31*time.Millisecond {
			t.Errorf("%+.0f ppm: a picture is %v off", ppm, worst)
		}
	}
}

func TestOtherRates(t *testing.T) {
	for _, c := range []struct {
		fps            int
		rate           float64
		repeats, skips int // of 59 s
	}{
		{30, 5, 59 * 25, 0},
		{30, 16, 59 * 14, 0},
		{30, 15, 59 * 15, 0},
		{30, 60, 0, 59 * 30},
		{60, 30, 59 * 30, 0},
		{60, 60, 0, 0},
		{30, 24, 59 * 6, 0},
		{30, 25, 59 * 5, 0},
	} {
		for phase := 0.0; phase < 1; phase += 0.1 {
			repeats, skips, worst := feed(c.fps, c.rate, phase, 2*time.Millisecond, time.Minute)
			if d := repeats - c.repeats; d < -20 || d > 20 {
				t.Errorf("%v in %d, phase %.1f: %d repeats, want about %d", c.rate, c.fps, phase, repeats, c.repeats)
			}
			if d := skips - c.skips; d < -20 || d > 20 {
				t.Errorf("%v in %d, phase %.1f: %d skips, want about %d", c.rate, c.fps, phase, skips, c.skips)
			}
			if worst > 36*time.Millisecond {
				t.Errorf("%v in %d, phase %.1f: a picture is %v off", c.rate, c.fps, phase, worst)
			}
		}
	}
}

// TestSlotsFollowAMove: after the timeline was moved by part of a frame the series finds its new phase.
func TestSlotsFollowAMove(t *testing.T) {
	s := NewSlots(30)
	at := func(n int) time.Duration { return time.Duration(n) * time.Second / 30 }
	var last int64
	for n := range 300 {
		moved := at(n)
		if n >= 100 {
			moved += 250*time.Millisecond + 16*time.Millisecond
		}
		slot := s.Place(moved + time.Duration(n%3)*time.Millisecond)
		if n > 110 && slot != last+1 {
			t.Fatalf("picture %d has slot %d after %d", n, slot, last)
		}
		last = slot
	}
}

func FuzzSlots(f *testing.F) {
	f.Add(int64(0), int64(33), int64(100), 30)
	f.Fuzz(func(t *testing.T, a, b, c int64, fps int) {
		s := NewSlots(fps % 200)
		for _, v := range []int64{a, b, c, a + b, b, a} {
			at := time.Duration(v) % (1000 * time.Hour)
			slot := s.Place(at)
			exact := at.Seconds() * s.fps
			if d := float64(slot) - exact; d > 2 || d < -2 {
				t.Fatalf("%v has slot %d of %v a second", at, slot, s.fps)
			}
		}
	})
}
