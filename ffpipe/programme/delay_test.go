package programme

import (
	"testing"
	"testing/synctest"
	"time"
)

// stamps notes when what is emitted.
type stamps struct {
	began  time.Time
	blocks []time.Duration // when block n came
	ended  time.Duration
	total  Point
}

func (s *stamps) VideoFrame(int64, *Frame, bool) {}
func (s *stamps) AudioBlock(int64, []int16)      { s.blocks = append(s.blocks, time.Since(s.began)) }
func (s *stamps) End(frames, samples int64) {
	s.ended, s.total = time.Since(s.began), Point{frames, samples}
}

// delayed runs a programme of sound, stopped after 20 s, and gives how late its blocks were.
func delayed(t *testing.T, change func(p *Programme)) (late []time.Duration, ended time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := New(Format{Audio: true}, Options{})
		s := &stamps{began: time.Now()}
		p.Attach(s)
		p.SetDelay(6 * time.Second)
		p.Start(s.began)
		if change != nil {
			change(p)
		}
		time.Sleep(time.Until(s.began.Add(20 * time.Second)))
		p.Stop(time.Now())
		<-p.Done()
		for n, at := range s.blocks {
			late = append(late, at-time.Duration(n+1)*20*time.Millisecond)
		}
		if s.total.Sample != 20*SampleRate || len(s.blocks) != 1000 {
			t.Errorf("%d samples in %d blocks", s.total.Sample, len(s.blocks))
		}
		ended = s.ended
	})
	return late, ended
}

func TestDelay(t *testing.T) {
	const sec = time.Second
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if (got - want).Abs() > 40*time.Millisecond {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	late, ended := delayed(t, nil)
	near("first", late[0], 6*sec)
	near("at 13 s", late[650], 6*sec)
	near("end", ended, 23*sec) // 6 s at twice the speed

	late, ended = delayed(t, func(p *Programme) {
		time.Sleep(3 * sec)
		p.SetDelay(3500 * time.Millisecond)
		p.EaseDelay(2500 * time.Millisecond)
		if now, ok := p.Now(); !ok || now != -500*time.Millisecond {
			t.Errorf("now is %v, %t", now, ok)
		}
	})
	near("first", late[0], 3500*time.Millisecond-260*time.Millisecond) // eased since half a second before zero
	near("at 1 s", late[50], 2740*time.Millisecond)
	near("at 6 s", late[300], 2500*time.Millisecond)
	near("end", ended, 20*sec+1250*time.Millisecond)

	late, _ = delayed(t, func(p *Programme) { p.EaseDelay(7 * sec) })
	near("a longer one", late[500], 6*sec)
	late, _ = delayed(t, func(p *Programme) {
		time.Sleep(8 * sec)
		p.SetDelay(7 * sec)
	})
	near("before a longer one", late[50], 6*sec)
	near("after a longer one", late[150], 7*sec)
	late, _ = delayed(t, func(p *Programme) { p.SetDelay(0) })
	near("none", late[500], 0)
}

// slowReader is behind for some frames.
type slowReader struct {
	stamps
	frames   int64
	from, to int64
}

func (s *slowReader) VideoFrame(n int64, _ *Frame, _ bool) { s.frames = n + 1 }
func (s *slowReader) Behind() bool                         { return s.frames >= s.from && s.frames < s.to }

// A delay gets no shorter while a consumer is behind, and then goes on to.
func TestDelayStaysForWhoIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Format{Width: 16, Height: 16, FPS: 30, Audio: true, Video: true}, Options{})
		s := &slowReader{stamps: stamps{began: time.Now()}, from: 30, to: 90}
		p.Attach(s)
		p.SetDelay(6 * time.Second)
		p.Start(s.began)
		time.Sleep(6 * time.Second)
		p.EaseDelay(time.Second)
		at := func(after, want time.Duration) {
			t.Helper()
			time.Sleep(time.Until(s.began.Add(after)))
			if now, _ := p.Now(); (after - now - want).Abs() > 50*time.Millisecond {
				t.Errorf("after %v the delay is %v, want %v", after, after-now, want)
			}
		}
		at(6500*time.Millisecond, 5500*time.Millisecond) // the first second, in half of one
		at(8400*time.Millisecond, 5500*time.Millisecond) // two more
		at(9500*time.Millisecond, 4500*time.Millisecond)
		at(14*time.Second, time.Second)
		p.Stop(s.began.Add(14 * time.Second))
		<-p.Done()
	})
}
