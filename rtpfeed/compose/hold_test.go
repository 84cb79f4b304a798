package compose

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/sound"
)

const ms = time.Millisecond

func TestHold(t *testing.T) {
	live := hold{live: true, patient: 2 * time.Second}
	if d := live.first(); d != 2*time.Second {
		t.Errorf("live: %v", d)
	}
	live.late.add(0, time.Second)
	longer, shorter := live.change(time.Second, live.need(0, time.Second))
	if live.ready(true, time.Hour) || longer || shorter {
		t.Error("live: changed")
	}
	alone := hold{patient: 2 * time.Second}
	if d := alone.first(); d != 400*ms || alone.ready(true, time.Hour) {
		t.Errorf("without anything to match: %v", d)
	}
	file := hold{match: true, patient: 2 * time.Second}
	if d := file.first(); d != lookBack {
		t.Errorf("file: %v", d)
	}
	if longer, shorter := file.change(lookBack, 400*ms); longer || shorter || file.ready(false, lookBack-1) {
		t.Error("file: settled before the reports")
	}
	if !file.ready(true, time.Second) || file.ready(true, lookBack) {
		t.Error("file: not settled once")
	}
	late := hold{match: true, patient: 10 * time.Second}
	if d := late.first(); d != 10500*ms || !late.ready(false, lookBack) {
		t.Errorf("with much patience: %v", d)
	}
}

func TestHoldFollowsTheMedia(t *testing.T) {
	h := hold{patient: 2 * time.Second}
	h.first()
	for i, c := range []struct {
		now, late, missing, has time.Duration
		need                    time.Duration
		longer, shorter         bool
	}{
		{now: 1 * time.Second, has: 400 * ms, need: 400 * ms},
		{now: 2 * time.Second, late: 20 * ms, has: 420 * ms, need: 420 * ms, shorter: true}, // not to be made any shorter
		{now: 3 * time.Second, late: -time.Second, has: 420 * ms, need: 420 * ms},
		{now: 3 * time.Second, missing: 95 * ms, has: 420 * ms, need: 420 * ms},
		{now: 3 * time.Second, missing: 175 * ms, has: 420 * ms, need: 500 * ms, longer: true},
		{now: 3 * time.Second, late: 300 * ms, has: 500 * ms, need: 700 * ms, longer: true},
		{now: 12 * time.Second, has: 700 * ms, need: 700 * ms},
		{now: 13 * time.Second, has: 700 * ms, need: 400 * ms, shorter: true},
		{now: 13 * time.Second, late: 40 * ms, has: 650 * ms, need: 440 * ms, shorter: true},
		{now: 13 * time.Second, late: time.Hour, has: 440 * ms, need: 2500 * ms, longer: true},
		{now: 23 * time.Second, late: 0, has: 2500 * ms, need: 400 * ms, shorter: true},
		{now: 23 * time.Second, missing: time.Hour, has: 2300 * ms, need: 2500 * ms, longer: true},
	} {
		h.late.add(c.now, c.late)
		need := h.need(c.now, c.missing)
		longer, shorter := h.change(c.has, need)
		if need != c.need || longer != c.longer || shorter != c.shorter {
			t.Errorf("%d: %v needed, longer %t, shorter %t", i, need, longer, shorter)
		}
	}
}

func TestFlow(t *testing.T) {
	var f flow
	for n := range 20 {
		f.came(time.Minute + time.Duration(n)*20*ms)
		if m := f.missing(time.Minute + time.Duration(n)*20*ms + 5*ms); (m > 0) != (n >= flowingUnits-1) {
			t.Errorf("after %d: %v are missing", n+1, m)
		}
	}
	if m := f.missing(time.Minute + 1380*ms); m != time.Second {
		t.Errorf("%v are missing", m)
	}
	f.came(time.Minute + 1380*ms)
	if m := f.missing(2 * time.Minute); m != 0 {
		t.Errorf("after a pause %v are missing", m)
	}
	for n := range 20 {
		f.came(2*time.Minute + time.Duration(n)*20*ms)
	}
	f.ends()
	if m := f.missing(3 * time.Minute); m != 0 {
		t.Errorf("after the end %v are missing", m)
	}
}

// behind is how much later than its end a block of sound was emitted, at most, between two moments.
func (s *studio) behind(from, to time.Duration) time.Duration {
	var most time.Duration
	line := s.screen.format.Timeline()
	for n, at := range s.screen.blocks {
		if since := at.Sub(s.zero); since >= from && since < to {
			most = max(most, since-line.SampleTime(int64(n+1)*programme.SampleRate/50))
		}
	}
	return most
}

// TestBehind: what nobody watches is emitted soon, waits when nothing comes, and is soon again; nothing of it is lost.
func TestBehind(t *testing.T) {
	const seconds = 24
	packets := sounds(t, rtpfeed.Opus, seconds*50)
	for name, c := range map[string]struct {
		stall time.Duration // from 5 s on nothing comes for so long, then everything
		worst time.Duration // behind meanwhile
		lost  bool          // what came too late
	}{
		"steady":                   {worst: 400 * ms},
		"nothing for 300 ms":       {stall: 300 * ms, worst: 700 * ms},
		"nothing for a second":     {stall: time.Second, worst: 1400 * ms},
		"longer than the patience": {stall: 4 * time.Second, worst: 2500 * ms, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStudio(t, audioFormat(), false, 2*time.Second)
				p := &player{units: packets, rate: 48000}
				p.each = func(n int, _ time.Duration) {
					if n == 250 {
						wait(time.Now().Add(c.stall))
					}
				}
				p.sink = s.stage.Sink(opusTrack("p"), sound.Both, nil)
				go p.run(s.began)
				s.begin(t)
				wait(s.began.Add(seconds * time.Second))
				synctest.Wait()
				s.end(t)
				for _, w := range []struct{ from, to, behind time.Duration }{
					{0, 5 * time.Second, 400 * ms}, {5 * time.Second, 22500 * ms, c.worst}, {22500 * ms, 24 * time.Second, 400 * ms},
				} {
					if b := s.behind(w.from, w.to); b < w.behind-40*ms || b > w.behind+40*ms {
						t.Errorf("from %v to %v: %v behind, want %v", w.from, w.to, b, w.behind)
					}
				}
				st := s.programme.Stats()
				if st.LateSamples > 0 || st.AheadSamples > 0 {
					t.Errorf("%+v", st)
				}
				if c.lost {
					if n := len(beeps(s.screen.left)); n < seconds-3 || n >= seconds {
						t.Errorf("%d beeps", n)
					}
					return
				}
				want(t, "beep", beeps(s.screen.left), flash, seconds, 3*ms)
			})
		})
	}
}
