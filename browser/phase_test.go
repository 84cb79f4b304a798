package browser

import (
	"math/rand/v2"
	"testing"
	"time"
)

// source is something on the screen that changes once every interval, late by
// up to some jitter, and shown at Chromium's next tick.
type source struct {
	x, y, w, h       int
	interval, jitter time.Duration
	phase            time.Duration
}

const (
	testPeriod = time.Second / 30
	testTick   = time.Second / 60
)

// shown is when the n-th picture is drawn; a tick's drawing takes a while.
func (s source) shown(n int, random *rand.Rand) time.Duration {
	t := s.phase + time.Duration(n)*s.interval
	if s.jitter > 0 {
		t += time.Duration(random.Int64N(int64(s.jitter)))
	}
	t += testTick - t%testTick
	return t + time.Duration(random.Int64N(int64(2*time.Millisecond)))
}

// history is what all sources draw until the end, in order.
func history(sources []source, end time.Duration, random *rand.Rand) (seen []change, each [][]time.Duration) {
	p := newPhase(testPeriod, 1280, 720)
	each = make([][]time.Duration, len(sources))
	for i, s := range sources {
		for n := 0; ; n++ {
			at := s.shown(n, random)
			if at > end {
				break
			}
			each[i] = append(each[i], at)
			seen = append(seen, change{at, p.cells(s.x, s.y, s.w, s.h)})
		}
	}
	for i := range seen {
		for j := i; j > 0 && seen[j].at < seen[j-1].at; j-- {
			seen[j], seen[j-1] = seen[j-1], seen[j]
		}
	}
	return seen, each
}

func learn(seen []change) *phase {
	p := newPhase(testPeriod, 1280, 720)
	for _, c := range seen {
		p.add(c)
	}
	return p
}

// unique is the share of a source's pictures that readings at a phase see.
func unique(shown []time.Duration, at time.Duration) float64 {
	seen, last := 0, int64(-1)
	for i, t := range shown {
		// It is on the screen until the next one.
		until := t + testPeriod
		if i+1 < len(shown) {
			until = shown[i+1]
		}
		first := int64((t - at + testPeriod) / testPeriod)
		if time.Duration(first)*testPeriod+at < until && first > last {
			seen, last = seen+1, first
		}
	}
	return float64(seen) / float64(len(shown))
}

func TestPhase(t *testing.T) {
	whole := source{0, 0, 1280, 720, testPeriod, 2 * time.Millisecond, 0}
	with := func(s source, change func(*source)) source { change(&s); return s }
	left := with(whole, func(s *source) { s.w = 640 })
	right := with(left, func(s *source) { s.x = 640 })
	cases := map[string]struct {
		sources []source
		want    float64 // share of each source's pictures to be seen
	}{
		"one":                  {[]source{whole}, 0.98},
		"just before the tick": {[]source{with(whole, func(s *source) { s.phase, s.jitter = 5*time.Millisecond, time.Millisecond })}, 0.98},
		// What wanders between two ticks is whole when read after the later one.
		"wanders":         {[]source{with(whole, func(s *source) { s.phase, s.jitter = 12*time.Millisecond, 10*time.Millisecond })}, 0.98},
		"wanders later":   {[]source{with(whole, func(s *source) { s.phase, s.jitter = 29*time.Millisecond, 10*time.Millisecond })}, 0.98},
		"two on one tick": {[]source{left, right}, 0.98},
		"two on two":      {[]source{left, with(right, func(s *source) { s.phase = testTick })}, 0.98},
		"one of two wanders": {[]source{left,
			with(right, func(s *source) { s.phase, s.jitter = 12*time.Millisecond, 10*time.Millisecond })}, 0.98},
		"the other, later": {[]source{left,
			with(right, func(s *source) { s.phase, s.jitter = 29*time.Millisecond, 10*time.Millisecond })}, 0.98},
	}
	for step := range 20 { // whatever the phase against Chromium's ticks
		at := testPeriod * time.Duration(step) / 20
		c := cases["one"]
		c.sources = []source{with(whole, func(s *source) { s.phase = at })}
		cases["at "+at.String()] = c
	}
	for name, c := range cases {
		for start := range 10 {
			random := rand.New(rand.NewPCG(3, uint64(start)))
			const now = 3 * time.Second
			seen, _ := history(c.sources, now, random)
			current := testPeriod * time.Duration(start) / 10
			best, _ := learn(seen).best(now, current)
			_, later := history(c.sources, 10*time.Second, random)
			for i, shown := range later {
				if got := unique(shown, best); got < c.want {
					t.Errorf("%s: read at %v from %v: %.3f of source %d are seen", name, best, current, got, i)
				}
			}
		}
	}
}

// TestPhaseStays expects no move without a reason, and no second one.
func TestPhaseStays(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 9))
	const now = 3 * time.Second
	whole := source{0, 0, 1280, 720, testPeriod, 0, 0}
	var noise []change
	for at := time.Duration(0); at < now; at += time.Duration(random.ExpFloat64() * float64(testPeriod)) {
		noise = append(noise, change{at, ^uint64(0)})
	}
	one, _ := history([]source{whole}, now, random)
	fast, _ := history([]source{{0, 0, 1280, 720, testTick, 0, 0}}, now, random)
	short, _ := history([]source{whole}, 100*time.Millisecond, random)
	slow, _ := history([]source{{0, 0, 1280, 720, 5 * testPeriod, 0, 0}}, now, random)
	small, _ := history([]source{{0, 0, 60, 30, testPeriod, 0, 0}}, now, random)
	cases := map[string]struct {
		seen []change
		now  time.Duration
		move bool
	}{
		"nothing": {nil, now, false}, "one": {one, now, true}, "every tick": {fast, now, true},
		"too short": {short, 100 * time.Millisecond, false}, "slow": {slow, now, false},
		"long ago": {one, now + time.Second, false}, "a caret": {small, now, false}, "noise": {noise, now, false},
	}
	for name, c := range cases {
		p := learn(c.seen)
		moved := false
		for start := range phaseBins {
			current := testPeriod * time.Duration(start) / phaseBins
			best, better := p.best(c.now, current)
			if best < 0 || best >= testPeriod {
				t.Fatalf("%s: phase %v", name, best)
			}
			moved = moved || better
			if again, better := p.best(c.now, best); better {
				t.Errorf("%s: from %v to %v, then to %v", name, current, best, again)
			}
		}
		if moved && !c.move {
			t.Errorf("%s: moves", name)
		}
	}
}

func TestCells(t *testing.T) {
	p := newPhase(testPeriod, 1280, 720)
	cases := []struct {
		x, y, w, h int
		want       uint64
	}{
		{0, 0, 1280, 720, 1<<64 - 1},
		{-50, -50, 5000, 5000, 1<<64 - 1},
		{0, 0, 160, 90, 1},
		{0, 0, 80, 90, 0}, // its middle, at 80, is just outside
		{80, 0, 1, 90, 1},
		{81, 0, 159, 90, 0},
		{1120, 630, 160, 90, 1 << 63},
		{0, 720, 1280, 16, 0},
		{300, 300, 0, 0, 0},
	}
	for _, c := range cases {
		if got := p.cells(c.x, c.y, c.w, c.h); got != c.want {
			t.Errorf("%d,%d %dx%d: %x, want %x", c.x, c.y, c.w, c.h, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for shift := -3 * testPeriod; shift < 3*testPeriod; shift += testPeriod / 7 {
		got := nearest(shift, testPeriod)
		if got < -testPeriod/2 || got >= testPeriod/2 || (got-shift)%testPeriod != 0 {
			t.Errorf("%v gives %v", shift, got)
		}
	}
}

func FuzzPhase(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, int64(time.Second))
	f.Fuzz(func(t *testing.T, drawings []byte, current int64) {
		p := newPhase(testPeriod, 640, 360)
		var now time.Duration
		for ; len(drawings) >= 4; drawings = drawings[4:] {
			now += time.Duration(drawings[0]) * time.Millisecond / 4
			p.note(now, int(drawings[1])*3, int(drawings[2])*2, int(drawings[3])*4, int(drawings[3])*2)
		}
		if len(p.changes) > phaseRing {
			t.Fatalf("%d changes", len(p.changes))
		}
		at := time.Duration(uint64(current) % uint64(testPeriod))
		best, better := p.best(now, at)
		if best < 0 || best >= testPeriod || better == (best == at) {
			t.Fatalf("from %v to %v, %v", at, best, better)
		}
		if again, better := p.best(now, best); better {
			t.Errorf("from %v to %v, then to %v", at, best, again)
		}
	})
}
