package compose

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/sound"
)

// TestCodecs plays every codec of pictures beside one of sound, in real time, and looks for every frame, flash and beep.
func TestCodecs(t *testing.T) {
	const seconds = 4
	for _, c := range []struct{ picture, sound rtpfeed.Codec }{
		{rtpfeed.VP8, rtpfeed.Opus}, {rtpfeed.VP9, rtpfeed.PCMU}, {rtpfeed.H264, rtpfeed.PCMA}, {rtpfeed.AV1, rtpfeed.Opus}, {rtpfeed.H265, rtpfeed.Opus},
	} {
		t.Run(c.picture.String()+" "+c.sound.String(), func(t *testing.T) {
			video, audio := pictures(t, c.picture, 320, 180, seconds*cardFPS), sounds(t, c.sound, seconds*50)
			t.Parallel()
			s := newStudio(t, videoFormat(), true, time.Second)
			v := player{units: video, rate: 90000, start: opening}
			v.sink = s.stage.Sink(rtpfeed.Track{SID: "TR_V", Identity: "p", Codec: c.picture, ClockRate: 90000}, sound.Both, nil)
			a := player{units: audio, rate: 48000, start: opening}
			if c.sound != rtpfeed.Opus {
				a.rate = 8000
			}
			a.sink = s.stage.Sink(rtpfeed.Track{SID: "TR_A", Identity: "p", Codec: c.sound}, sound.Both, nil)
			var wg sync.WaitGroup
			wg.Go(func() { v.run(s.began) })
			wg.Go(func() { a.run(s.began) })
			s.begin(t)
			wg.Wait()
			s.end(t)
			want(t, "flash", s.screen.flashes(), s.flash(), seconds, 40*time.Millisecond)
			want(t, "beep", beeps(s.screen.left), s.flash(), seconds, 25*time.Millisecond)
			want(t, "beep on the right", beeps(s.screen.right), s.flash(), seconds, 25*time.Millisecond)
			unread, steps := 0, 0
			worst := 0.0
			for n, l := range s.screen.frames[:seconds*cardFPS-5] {
				worst = max(worst, l.bars)
				if !l.read {
					unread++
				} else if n > 0 && s.screen.frames[n-1].read && l.Frame != s.screen.frames[n-1].Frame+1 {
					steps++
				}
			}
			// A machine under load may be late for one or two.
			if unread > 2 || steps > 4 {
				t.Errorf("%d frames cannot be read, %d out of step: %v", unread, steps, s.screen)
			}
			if worst > 6 {
				t.Errorf("colours are %.1f off", worst)
			}
			t.Logf("%+v, colours %.1f off", s.stage.Stats(), worst)
		})
	}
}

// TestSound plays sound alone in fake time.
func TestSound(t *testing.T) {
	const seconds = 20
	packets := sounds(t, rtpfeed.Opus, seconds*50)
	for name, c := range map[string]struct {
		live  bool
		setup func(s *studio, p *player)
		first time.Duration // of the beeps
		count int
		tol   time.Duration
	}{
		"file":                 {count: seconds},
		"live":                 {live: true, count: seconds},
		"starts late":          {count: seconds, setup: func(_ *studio, p *player) { p.start = 3 * time.Second }},
		"faster by 200 ppm":    {count: seconds, tol: 4 * time.Millisecond, setup: func(_ *studio, p *player) { p.ppm = 200 }},
		"slower by 200 ppm":    {count: seconds, tol: 4 * time.Millisecond, setup: func(_ *studio, p *player) { p.ppm = -200 }},
		"discontinuous":        {count: seconds, setup: func(_ *studio, p *player) { p.lose = func(n int) bool { return n%50 > 30 } }},
		"a packet in 20 lost":  {count: seconds, setup: func(_ *studio, p *player) { p.lose = func(n int) bool { return n%20 == 1 } }},
		"timestamps that wrap": {count: seconds, setup: func(_ *studio, p *player) { p.units = moved(p.units, 0xffff_0000) }},
		"no reports":           {count: seconds, setup: func(_ *studio, p *player) { p.sr = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStudio(t, audioFormat(), c.live, 2*time.Second)
				p := &player{units: packets, rate: 48000, sr: every(2900*time.Millisecond, 3*time.Second)}
				p.sink = s.stage.Sink(opusTrack("p"), sound.Both, nil)
				if c.setup != nil {
					c.setup(s, p)
				}
				go p.run(s.began)
				s.begin(t)
				wait(s.began.Add(p.start + seconds*time.Second))
				synctest.Wait()
				s.end(t)
				want(t, "beep", beeps(s.screen.left), flash, c.count, max(c.tol, 3*time.Millisecond))
				if st := s.programme.Stats(); st.LateSamples > 0 || st.AheadSamples > 0 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// moved gives the units other timestamps.
func moved(units []rtpfeed.Unit, by uint32) []rtpfeed.Unit {
	out := make([]rtpfeed.Unit, len(units))
	for i, u := range units {
		u.Timestamp += by
		out[i] = u
	}
	return out
}
