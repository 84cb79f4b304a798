package clock

import (
	"testing"
	"time"
)

func TestTimestampsWrap(t *testing.T) {
	g := &Group{}
	track := g.Track(false, 90000)
	var at time.Duration
	rtp := uint32(0xffff_0000)
	for n := int64(0); n < 100; n++ {
		if got := track.Unit(rtp, at); got != n*90000 {
			t.Fatalf("unit %d has ticks %d, want %d", n, got, n*90000)
		}
		rtp += 90000
		at += time.Second
	}
}

func TestUnitsOutOfOrderAreNoJump(t *testing.T) {
	track := (&Group{}).Track(true, 48000)
	track.Unit(0, 0)
	track.Unit(1920, 40*time.Millisecond)
	if got := track.Unit(960, 45*time.Millisecond); got != 960 {
		t.Errorf("ticks %d, want 960", got)
	}
	if got := track.Unit(2880, 60*time.Millisecond); got != 2880 {
		t.Errorf("ticks %d, want 2880", got)
	}
}

func TestSenderTimeWraps(t *testing.T) {
	g := &Group{}
	for _, c := range []struct {
		ntp  uint64
		want time.Duration
	}{
		{0xffff_ffff_8000_0000, 0},
		{0, 500 * time.Millisecond},
		{1 << 32, 1500 * time.Millisecond},
		{0xffff_ffff_0000_0000, -500 * time.Millisecond},
		{0xffff_fffe_0000_0000, -1500 * time.Millisecond},
	} {
		if got := g.senderTime(c.ntp); got != c.want {
			t.Errorf("%#x is %v, want %v", c.ntp, got, c.want)
		}
	}
}

// TestLateReportMovesThePicture: sound that was handed on stays, the picture is corrected once.
func TestLateReportMovesThePicture(t *testing.T) {
	for name, slow := range map[string]func(a, v *way){
		"picture's way is slower": func(_, v *way) { v.delay += 250 * time.Millisecond },
		"sound's way is slower":   func(a, _ *way) { a.delay += 250 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			a, v := audioWay(), videoWay()
			slow(a, v)
			s := newSender(0, a, v)
			var moved, last time.Duration
			began := false
			s.run(0, time.Minute, func(now time.Duration) {
				at := now - time.Second
				if at < 0 {
					return
				}
				a.track.Pin()
				v.track.Pin()
				sound := s.place(a, at) - at
				if began {
					if step := (sound - last).Abs(); step > 3*time.Millisecond {
						t.Fatalf("at %v sound is moved by %v at once", now, step)
					}
				}
				began, last = true, sound
				if off := (s.place(v, at) - s.place(a, at)).Abs(); now > 6*time.Second {
					moved = max(moved, off)
				}
			})
			if moved > 6*time.Millisecond {
				t.Errorf("after the first reports picture and sound are %v apart", moved)
			}
		})
	}
}

// TestSendersClockIsSet: an NTP client that sets the sender's clock moves nothing.
func TestSendersClockIsSet(t *testing.T) {
	for _, set := range []time.Duration{time.Second, -3 * time.Second, 100 * time.Millisecond} {
		a, v := audioWay(), videoWay()
		s := newSender(0, a, v)
		var first [2]time.Duration
		s.run(0, 2*time.Minute, func(now time.Duration) {
			if now == 30*time.Second {
				s.ntp += uint64(int64(set.Seconds() * (1 << 32)))
			}
			at := now - 6*time.Second
			if at < 0 {
				return
			}
			a.track.Pin()
			v.track.Pin()
			for i, w := range []*way{a, v} {
				off := s.place(w, at) - at
				if first[i] == 0 {
					first[i] = off
				}
				if moved := (off - first[i]).Abs(); moved > 6*time.Millisecond {
					t.Fatalf("clock set by %v: track %d is %v away from where it was, at %v", set, i, moved, now)
				}
			}
		})
	}
}

// TestTimestampsJump: what jumps goes on where it was, exactly once its next report tells.
func TestTimestampsJump(t *testing.T) {
	for _, jump := range []int32{90000 * 10, -90000 * 10, 90000 * 3600, 90000 / 2, -90000 * 6, 90000 / 10, -90000 / 10} {
		a, v := audioWay(), videoWay()
		s := newSender(0, a, v)
		worst := time.Duration(0)
		s.run(0, 2*time.Minute, func(now time.Duration) {
			if now == 31*time.Second {
				v.offset += uint32(jump)
			}
			at := now - 6*time.Second
			if at < 0 {
				return
			}
			a.track.Pin()
			v.track.Pin()
			if now < 31*time.Second || now > 42*time.Second {
				worst = max(worst, (s.place(v, at) - s.place(a, at)).Abs())
			}
		})
		if worst > 8*time.Millisecond {
			t.Errorf("after a jump by %d picture and sound are %v apart", jump, worst)
		}
	}
}

// TestPublishedAgain: the successor stands right before its first report.
func TestPublishedAgain(t *testing.T) {
	a, v := audioWay(), videoWay()
	v.delay += 250 * time.Millisecond
	s := newSender(0, a, v)
	worst := time.Duration(0)
	s.run(0, 2*time.Minute, func(now time.Duration) {
		if now == 31*time.Second {
			v.track = v.track.Next(90000)
			v.offset = 12345
			v.nextSR = now + v.first
		}
		at := now - 6*time.Second
		if at < 0 || now >= 31*time.Second && now < 32*time.Second {
			return
		}
		a.track.Pin()
		v.track.Pin()
		worst = max(worst, (s.place(v, at) - s.place(a, at)).Abs())
	})
	if worst > 8*time.Millisecond {
		t.Errorf("picture and sound are %v apart", worst)
	}
}

// TestLongMute: an hour without a packet, while the clocks drift.
func TestLongMute(t *testing.T) {
	a, v := audioWay(), videoWay()
	a.ppm = 200
	s := newSender(-200, a, v)
	s.run(0, 5*time.Minute, func(now time.Duration) {
		if now > 6*time.Second {
			a.track.Pin()
			v.track.Pin()
		}
	})
	mute := 65 * time.Minute
	a.nextRTP, a.nextSR = mute, mute+time.Second
	s.run(5*time.Minute, 66*time.Minute, func(time.Duration) {})
	at := 66*time.Minute - time.Second
	if off := (s.place(v, at) - s.place(a, at)).Abs(); off > 15*time.Millisecond {
		t.Errorf("after the mute picture and sound are %v apart", off)
	}
	if off := (s.place(v, at) - at - 30*time.Millisecond).Abs(); off > 15*time.Millisecond {
		t.Errorf("the timeline is off our clock by %v", off)
	}
}

func TestSynced(t *testing.T) {
	g := &Group{}
	a, v := g.Track(true, 48000), g.Track(false, 90000)
	check := func(wantN int, want bool) {
		t.Helper()
		if n, ok := g.Synced(); n != wantN || ok != want {
			t.Errorf("%d synced, %t, want %d, %t", n, ok, wantN, want)
		}
	}
	check(0, true)
	a.Unit(5, 0)
	v.Unit(7, 0)
	check(0, false)
	a.Report(1<<32, 5)
	check(1, false)
	v.Report(1<<32, 7)
	check(2, true)
	v.End()
	check(1, true)
}

func FuzzGroup(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18})
	f.Fuzz(func(t *testing.T, data []byte) {
		g := &Group{}
		tracks := []*Track{g.Track(true, 48000), g.Track(false, 90000), g.Track(true, 8000)}
		var now time.Duration
		number := func(n int) (v uint64) {
			for range n {
				if len(data) == 0 {
					return v
				}
				v, data = v<<8|uint64(data[0]), data[1:]
			}
			return v
		}
		for len(data) > 0 {
			op := number(1)
			i := int(op/8) % len(tracks)
			now += time.Duration(number(2)) * time.Millisecond
			switch op % 8 {
			case 0, 1, 2:
				tracks[i].Unit(uint32(number(4)), now)
			case 3, 4:
				tracks[i].Report(number(8), uint32(number(4)))
			case 5:
				tracks[i].Pin()
			case 6:
				g.Advance(now)
			case 7:
				tracks[i] = tracks[i].Next(uint32(number(2)))
			}
			for _, track := range tracks {
				if !track.line.set || track.line.slope > -0.5 && track.line.slope < 0.5 {
					if track.At(track.ticks) > track.At(track.ticks+int64(track.rate)) {
						t.Fatal("later media stands earlier")
					}
				}
			}
		}
	})
}
