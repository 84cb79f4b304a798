package compose

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/sound"
)

// scene plays pictures and sound together in real time and returns what was seen and heard.
func scene(t *testing.T, live bool, patience time.Duration, setup func(s *studio, v, a *player)) *studio {
	t.Helper()
	s := newStudio(t, videoFormat(), live, patience)
	v := &player{rate: 90000, start: opening}
	a := &player{rate: 48000, start: opening}
	v.sink = s.stage.Sink(rtpfeed.Track{SID: "TR_V", Identity: "p", Codec: rtpfeed.VP8, ClockRate: 90000}, sound.Both, nil)
	a.sink = s.stage.Sink(opusTrack("p"), sound.Both, nil)
	setup(s, v, a)
	var wg sync.WaitGroup
	wg.Go(func() { v.run(s.began) })
	wg.Go(func() { a.run(s.began) })
	s.begin(t)
	wg.Wait()
	s.end(t)
	return s
}

// TestSlowPathOfFile: a picture whose way is 250 ms longer is right from the first flash, because a file can wait for the
// reports.
func TestSlowPathOfFile(t *testing.T) {
	const seconds = 9
	video, audio := pictures(t, rtpfeed.VP8, 320, 180, seconds*cardFPS), sounds(t, rtpfeed.Opus, seconds*50)
	t.Parallel()
	s := scene(t, false, time.Second, func(_ *studio, v, a *player) {
		v.units, a.units = video, audio
		v.delay = 250 * time.Millisecond
		v.sr, a.sr = every(5200*time.Millisecond, 5*time.Second), every(2900*time.Millisecond, 3*time.Second)
	})
	want(t, "flash", s.screen.flashes(), s.flash(), seconds-1, 40*time.Millisecond)
	want(t, "beep", beeps(s.screen.left), s.flash(), seconds-1, 25*time.Millisecond)
}

// TestMuteAndSilence: a signalled mute is black until the unmute; media that ceases without a word is held for 2 s.
func TestMuteAndSilence(t *testing.T) {
	video, audio := pictures(t, rtpfeed.VP8, 320, 180, 8*cardFPS), sounds(t, rtpfeed.Opus, 8*50)
	t.Parallel()
	s := scene(t, true, time.Second, func(_ *studio, v, a *player) {
		v.units, a.units = video, audio
		// Muted from 1 to 2 s; nothing from 3.5 to 6.5 s.
		v.lose = func(n int) bool { return n >= 30 && n < 60 || n >= 105 && n < 195 }
		v.each = func(n int, _ time.Duration) {
			switch n {
			case 30:
				v.sink.Muted(true, time.Now())
			case 60:
				v.sink.Muted(false, time.Now())
			}
		}
	})
	check := func(from, to int, black bool, what string) {
		t.Helper()
		wrong := 0
		for _, l := range s.screen.frames[from:to] {
			if l.black != black {
				wrong++
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d of %d frames are wrong: %v", what, wrong, to-from, s.screen)
		}
	}
	check(5, 28, false, "before the mute")
	check(35, 58, true, "muted")
	check(62, 160, false, "then, and 2 s without media")
	check(170, 193, true, "after 2 s without media")
	check(197, 230, false, "at the end")
	want(t, "beep", beeps(s.screen.left), s.flash(), 8, 25*time.Millisecond)
}

// TestLossHolds: after a loss nothing is shown that was not decoded whole, and the last good picture stands.
func TestLossHolds(t *testing.T) {
	video, audio := pictures(t, rtpfeed.VP8, 320, 180, 5*cardFPS), sounds(t, rtpfeed.Opus, 5*50)
	t.Parallel()
	asked := make(keyframes, 1000)
	s := newStudio(t, videoFormat(), true, time.Second)
	v := &player{units: video, rate: 90000, start: opening, lose: func(n int) bool { return n == 50 || n == 77 || n == 78 }}
	a := &player{units: audio, rate: 48000, start: opening}
	v.sink = s.stage.Sink(rtpfeed.Track{SID: "TR_V", Identity: "p", Codec: rtpfeed.VP8}, sound.Both, asked)
	a.sink = s.stage.Sink(opusTrack("p"), sound.Both, nil)
	var wg sync.WaitGroup
	wg.Go(func() { v.run(s.began) })
	wg.Go(func() { a.run(s.began) })
	s.begin(t)
	wg.Wait()
	s.end(t)
	for n, l := range s.screen.frames[5:145] {
		if !l.read {
			t.Errorf("slot %d cannot be read", n+5)
		}
	}
	last := 0
	seen := map[int]bool{}
	for _, l := range s.screen.frames {
		if !l.read {
			continue
		}
		if l.Frame < last {
			t.Errorf("picture %d after %d", l.Frame, last)
		}
		last, seen[l.Frame] = l.Frame, true
	}
	for n := 51; n < 90; n++ {
		if want := n >= 60 && n < 77; seen[n] != want {
			t.Errorf("picture %d shown: %t", n, seen[n])
		}
	}
	if len(asked) == 0 {
		t.Error("no keyframe was asked for")
	}
	if st := s.stage.Stats(); st.Breaks != 2 || st.Undecodable != 9+11 {
		t.Errorf("%+v", st)
	}
}

type keyframes chan struct{}

func (k keyframes) RequestKeyframe() { k <- struct{}{} }

// TestPublishedAgainInAnotherCodec: the same sink goes on in another size, once its new decoder has
// started.
func TestPublishedAgainInAnotherCodec(t *testing.T) {
	const seconds = 6
	vp8, h264 := pictures(t, rtpfeed.VP8, 320, 180, seconds*cardFPS), pictures(t, rtpfeed.H264, 640, 360, seconds*cardFPS)
	audio := sounds(t, rtpfeed.Opus, seconds*50)
	t.Parallel()
	s := scene(t, true, time.Second, func(_ *studio, v, a *player) {
		units := append([]rtpfeed.Unit{}, vp8[:75]...)
		units = append(units, moved(h264[90:], 0)...)
		v.units, a.units = units, audio
		v.each = func(n int, _ time.Duration) {
			if n == 75 {
				v.sink.Replaced(rtpfeed.Track{SID: "TR_W", Identity: "p", Codec: rtpfeed.H264, ClockRate: 90000, Width: 640, Height: 360})
			}
		}
	})
	// The last picture of the old codec is held while the new decoder starts, which takes what a busy machine takes.
	const replaced, deadline = 74, 74 + 3*cardFPS/2
	held := false
	for n, l := range s.screen.frames[5 : seconds*cardFPS-5] {
		want := n + 5
		held = want >= replaced && want < deadline && l.read && l.Frame == replaced && (held || want <= replaced+2)
		if !held && (!l.read || l.Frame < want-2 || l.Frame > want+2) {
			t.Errorf("slot %d shows %+v", want, l)
		}
	}
	if st := s.stage.Stats(); st.Decoders != 2 || st.DecoderDeaths != 0 {
		t.Errorf("%+v", st)
	}
}

// TestSoundPublishedAgainInAnotherCodec: the same sink goes on with another decoder and another clock.
func TestSoundPublishedAgainInAnotherCodec(t *testing.T) {
	const seconds, gone, back = 6, 100, 115 // in packets of 20 ms
	video := pictures(t, rtpfeed.VP8, 320, 180, seconds*cardFPS)
	opus, pcmu := sounds(t, rtpfeed.Opus, gone), sounds(t, rtpfeed.PCMU, seconds*50)[back:]
	t.Parallel()
	var again sync.WaitGroup
	s := scene(t, true, time.Second, func(s *studio, v, a *player) {
		v.units, a.units = video, opus
		b := &player{sink: a.sink, units: pcmu, rate: 8000, start: opening + back*20*time.Millisecond}
		b.each = func(n int, _ time.Duration) {
			if n == 0 {
				b.sink.Replaced(rtpfeed.Track{SID: "TR_W", Identity: "p", Codec: rtpfeed.PCMU, ClockRate: 8000, Channels: 1})
			}
		}
		again.Go(func() { b.run(s.began) })
	})
	again.Wait()
	want(t, "beep", beeps(s.screen.left), s.flash(), seconds, 25*time.Millisecond)
	if st := s.stage.Stats(); st.BadPackets != 0 {
		t.Errorf("%+v", st)
	}
}

// TestResolutionChanges in one stream, with the bars that another shape needs.
func TestResolutionChanges(t *testing.T) {
	const seconds = 3
	wide, square := pictures(t, rtpfeed.H264, 320, 180, seconds*cardFPS), pictures(t, rtpfeed.H264, 360, 360, seconds*cardFPS)
	audio := sounds(t, rtpfeed.Opus, seconds*50)
	t.Parallel()
	s := newStudio(t, videoFormat(), true, time.Second)
	v := &player{rate: 90000, start: opening}
	for n := range wide {
		if n/15%2 == 0 {
			v.units = append(v.units, wide[n])
		} else {
			v.units = append(v.units, square[n])
		}
	}
	a := &player{units: audio, rate: 48000, start: opening}
	v.sink = s.stage.Sink(rtpfeed.Track{SID: "TR_V", Identity: "p", Codec: rtpfeed.H264}, sound.Both, nil)
	a.sink = s.stage.Sink(opusTrack("p"), sound.Both, nil)
	s.screen.other = card.Rect{X0: 70, X1: 250, Y1: 180}
	var wg sync.WaitGroup
	wg.Go(func() { v.run(s.began) })
	wg.Go(func() { a.run(s.began) })
	s.begin(t)
	wg.Wait()
	s.end(t)
	for n, l := range s.screen.frames[5:85] {
		if !l.read || l.Frame < n+3 || l.Frame > n+7 {
			t.Errorf("slot %d shows %+v", n+5, l)
		}
	}
}

// TestDeadDecoder: a decoder that is killed is replaced at the next keyframe.
func TestDeadDecoder(t *testing.T) {
	video, audio := pictures(t, rtpfeed.VP8, 320, 180, 4*cardFPS), sounds(t, rtpfeed.Opus, 4*50)
	t.Parallel()
	s := scene(t, true, time.Second, func(st *studio, v, a *player) {
		v.units, a.units = video, audio
		v.each = func(n int, _ time.Duration) {
			if n == 60 {
				st.stage.killDecoders()
			}
		}
	})
	st := s.stage.Stats()
	if st.Decoders != 2 || st.DecoderDeaths != 1 {
		t.Errorf("%+v", st)
	}
	if last := s.screen.frames[110]; !last.read || last.Frame < 105 {
		t.Errorf("slot 110 shows %+v: %v", last, s.screen)
	}
}

// killDecoders ends them from outside.
func (s *Stage) killDecoders() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.children {
		k.decoder.Proc().Kill()
	}
}

// TestTwoPictures: the one added last is seen, until it is muted or ends.
func TestTwoPictures(t *testing.T) {
	video, small := pictures(t, rtpfeed.VP8, 320, 180, 6*cardFPS), pictures(t, rtpfeed.VP8, 180, 180, 2*cardFPS)
	audio := sounds(t, rtpfeed.Opus, 6*50)
	t.Parallel()
	s := scene(t, true, time.Second, func(s *studio, v, a *player) {
		v.units, a.units = video, audio
		s.screen.other = card.Rect{X0: 70, X1: 250, Y1: 180}
		v.each = func(n int, _ time.Duration) {
			if n != 60 {
				return
			}
			second := &player{units: small, rate: 90000, start: 2 * time.Second}
			second.sink = s.stage.Sink(rtpfeed.Track{SID: "TR_S", Identity: "p", Codec: rtpfeed.VP8}, sound.Both, nil)
			go func() {
				second.run(s.began)
				second.sink.Close()
			}()
		}
	})
	where := func(from, to int, other bool) {
		t.Helper()
		wrong := 0
		for _, l := range s.screen.frames[from:to] {
			if !l.read || l.atOther != other {
				wrong++
			}
		}
		if wrong > 2 {
			t.Errorf("%d of slots %d to %d show the wrong picture: %v", wrong, from, to, s.screen)
		}
	}
	where(5, 58, false)
	where(70, 118, true)
	where(140, 175, false)
}

// TestVoices mixes several participants in fake time, each where it belongs.
func TestVoices(t *testing.T) {
	packets := sounds(t, rtpfeed.Opus, 5*50)
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, audioFormat(), false, time.Second)
		for i, side := range []sound.Side{sound.Left, sound.Right} {
			p := &player{units: packets, rate: 48000, start: time.Duration(i) * 300 * time.Millisecond}
			name := string(rune('a' + i))
			p.sink = s.stage.Sink(opusTrack(name), side, nil)
			go func() {
				p.run(s.began)
				p.sink.Close()
			}()
		}
		s.begin(t)
		wait(s.began.Add(6 * time.Second))
		s.end(t)
		want(t, "beep on the left", beeps(s.screen.left), flash, 5, 3*time.Millisecond)
		want(t, "beep on the right", beeps(s.screen.right), flash+300*time.Millisecond, 5, 3*time.Millisecond)
		if n := s.programme.Stats().Lines; n != 0 {
			t.Errorf("%d lines are open", n)
		}
	})
}

func TestBeginNeedsMedia(t *testing.T) {
	s := newStudio(t, audioFormat(), true, time.Second)
	if _, err := s.stage.Begin(s.programme); err != ErrNoMedia {
		t.Errorf("%v", err)
	}
	s.stage.Close()
	s.stage.Close()
}
