package clock

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// way is a sender's track and the path that its packets take.
type way struct {
	sound  bool
	rate   float64       // RTP clock, Hz, as it is said to be
	ppm    float64       // by how much it is really faster than the sender's clock
	every  time.Duration // of units
	delay  time.Duration // of the path
	jitter time.Duration // at most, of every unit
	starts time.Duration
	first  time.Duration // first report after the start; 0 = none ever
	period time.Duration // of reports
	noise  time.Duration // of what reports say, ±
	offset uint32        // RTP timestamp at the sender's zero

	track   *Track
	nextRTP time.Duration
	nextSR  time.Duration
}

// sender has a clock that is off by ppm against ours, and shows an odd time.
type sender struct {
	ppm  float64
	ntp  uint64
	ways []*way
	rng  *rand.Rand
	g    *Group
}

func newSender(ppm float64, ways ...*way) *sender {
	s := &sender{ppm: ppm, ntp: 0xffff_fffc << 32, ways: ways, rng: rand.New(rand.NewPCG(1, 2)), g: &Group{}}
	for i, w := range ways {
		w.track = s.g.Track(w.sound, uint32(w.rate))
		w.offset = ^uint32(0) - uint32(i)*777
		w.nextRTP, w.nextSR = w.starts, w.starts+w.first
		if w.first == 0 {
			w.nextSR = math.MaxInt64 / 2
		}
	}
	return s
}

func (s *sender) spread(d time.Duration) time.Duration {
	return time.Duration((s.rng.Float64()*2 - 1) * float64(d))
}

// own is the sender's time when ours is at.
func (s *sender) own(at time.Duration) time.Duration {
	return at + time.Duration(float64(at)*s.ppm*1e-6)
}

// rtp is the track's timestamp at our time.
func (s *sender) rtp(w *way, at time.Duration) uint32 {
	return w.offset + uint32(int64(math.Round(s.own(at).Seconds()*w.rate*(1+w.ppm*1e-6))))
}

func (s *sender) ntpAt(at time.Duration) uint64 {
	d := s.own(at)
	return s.ntp + uint64(d/time.Second)<<32 + uint64(d%time.Second)<<32/uint64(time.Second)
}

// run plays everything up to the end in steps of 20 ms, and calls each after every step.
func (s *sender) run(from, to time.Duration, each func(now time.Duration)) {
	for now := from; now < to; now += 20 * time.Millisecond {
		for _, w := range s.ways {
			for ; w.nextRTP+w.delay <= now; w.nextRTP += w.every {
				late := time.Duration(s.rng.Float64() * float64(w.jitter))
				w.track.Unit(s.rtp(w, w.nextRTP), w.nextRTP+w.delay+late)
			}
			for ; w.nextSR+w.delay <= now; w.nextSR += w.period {
				w.track.Report(s.ntpAt(w.nextSR), s.rtp(w, w.nextSR+s.spread(w.noise)))
			}
		}
		s.g.Advance(now)
		each(now)
	}
}

// place is where the track puts what was captured at our time at.
func (s *sender) place(w *way, at time.Duration) time.Duration {
	return w.track.At(w.track.unwrap(s.rtp(w, at)))
}

func audioWay() *way {
	return &way{sound: true, rate: 48000, every: 20 * time.Millisecond, delay: 30 * time.Millisecond,
		jitter: 10 * time.Millisecond, first: 2900 * time.Millisecond, period: 3 * time.Second, noise: 2 * time.Millisecond}
}

func videoWay() *way {
	return &way{rate: 90000, every: time.Second / 30, delay: 30 * time.Millisecond,
		jitter: 15 * time.Millisecond, first: 5200 * time.Millisecond, period: 5 * time.Second, noise: 2 * time.Millisecond}
}

func TestOffsetBetweenTracks(t *testing.T) {
	const lookBack = 6 * time.Second
	for name, c := range map[string]struct {
		change func(a, v *way)
		ppm    float64
		minute time.Duration
		limit  time.Duration // of picture against sound
	}{
		"plain":                                {limit: 4 * time.Millisecond},
		"picture's way is slower":              {change: func(_, v *way) { v.delay += 250 * time.Millisecond }, limit: 4 * time.Millisecond},
		"sound's way is slower":                {change: func(a, _ *way) { a.delay += 250 * time.Millisecond }, limit: 4 * time.Millisecond},
		"sound 2 s late":                       {change: func(a, _ *way) { a.starts = 2 * time.Second }, limit: 4 * time.Millisecond},
		"picture 5 s late":                     {change: func(_, v *way) { v.starts = 5 * time.Second; v.first = 800 * time.Millisecond }, limit: 4 * time.Millisecond},
		"5 frames a second":                    {change: func(_, v *way) { v.every = 200 * time.Millisecond }, limit: 4 * time.Millisecond},
		"16 frames a second":                   {change: func(_, v *way) { v.every = time.Second / 16 }, limit: 4 * time.Millisecond},
		"60 frames a second":                   {change: func(_, v *way) { v.every = time.Second / 60 }, limit: 4 * time.Millisecond},
		"PCMU":                                 {change: func(a, _ *way) { a.rate = 8000 }, limit: 4 * time.Millisecond},
		"one's reports never come, by arrival": {change: func(_, v *way) { v.first = 0 }, limit: 15 * time.Millisecond},
		"no reports, by arrival":               {change: func(a, v *way) { a.first, v.first = 0, 0 }, limit: 10 * time.Millisecond},
		"sound card +200 ppm":                  {change: func(a, _ *way) { a.ppm = 200 }, minute: 30 * time.Minute, limit: 5 * time.Millisecond},
		"sound card −200 ppm":                  {change: func(a, _ *way) { a.ppm = -200 }, minute: 30 * time.Minute, limit: 5 * time.Millisecond},
		"camera +200, sound −200 ppm":          {change: func(a, v *way) { a.ppm, v.ppm = -200, 200 }, minute: 30 * time.Minute, limit: 5 * time.Millisecond},
		"sender +200 ppm":                      {ppm: 200, minute: 30 * time.Minute, limit: 5 * time.Millisecond},
		"sender −200 ppm":                      {ppm: -200, minute: 30 * time.Minute, limit: 5 * time.Millisecond},
		"noisy reports":                        {change: func(a, v *way) { a.noise, v.noise = 8*time.Millisecond, 8*time.Millisecond }, minute: 5 * time.Minute, limit: 12 * time.Millisecond},
		"few reports":                          {change: func(a, v *way) { a.period, v.period = time.Minute, time.Minute }, minute: 10 * time.Minute, limit: 6 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			a, v := audioWay(), videoWay()
			if c.change != nil {
				c.change(a, v)
			}
			s := newSender(c.ppm, a, v)
			end := max(c.minute, time.Minute)
			worst, drift := time.Duration(0), time.Duration(0)
			s.run(0, end, func(now time.Duration) {
				at := now - lookBack
				if at < 0 || at%(500*time.Millisecond) != 0 {
					return
				}
				if at >= a.starts {
					a.track.Pin()
				}
				if at >= v.starts {
					v.track.Pin()
				}
				if at < a.starts || at < v.starts {
					return
				}
				sound, picture := s.place(a, at), s.place(v, at)
				if off := picture - sound; off.Abs() > worst.Abs() {
					worst = off
				}
				if off := sound - at - min(a.delay, v.delay); off.Abs() > drift.Abs() {
					drift = off
				}
			})
			t.Logf("picture − sound at worst %v, sound off our clock by %v at worst", worst, drift)
			if worst.Abs() > c.limit {
				t.Errorf("picture − sound is %v at worst, want ± %v", worst, c.limit)
			}
			if limit := 12 * time.Millisecond; drift.Abs() > limit+a.delay-min(a.delay, v.delay) {
				t.Errorf("the timeline is off our clock by %v, want ± %v", drift, limit)
			}
		})
	}
}
