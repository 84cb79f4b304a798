package programme

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// TestPausesLeaveNoHole: whatever the pauses, the consumers' frames and samples follow each other, and picture and sound
// of the sources stay together, also where a frame has no whole number of samples.
func TestPausesLeaveNoHole(t *testing.T) {
	for _, fps := range []int{30, 25, 60, 7, 11, 119} {
		random := rand.New(rand.NewPCG(1, uint64(fps)))
		ps := pauses{line: Timeline{FPS: fps}, video: true}
		var now time.Duration
		var emitted Point // sound may be half a second ahead of the picture, or the other way
		for range 200 {
			now += time.Duration(random.Int64N(int64(3 * time.Second)))
			emitted.Frame = max(emitted.Frame, ps.line.FrameAt(now-time.Duration(random.Int64N(int64(500*time.Millisecond)))))
			emitted.Sample = max(emitted.Sample, ps.line.SampleAt(now-time.Duration(random.Int64N(int64(500*time.Millisecond)))))
			if ps.lasting() {
				ps.end(now, emitted)
			} else {
				ps.begin(now, emitted, PauseMode(random.IntN(2)))
			}
			edge := ps.last().from
			if !ps.lasting() {
				edge = ps.last().to
			}
			if edge.Frame < emitted.Frame || edge.Sample < emitted.Sample {
				t.Fatalf("%d fps: edge %+v before what was emitted, %+v", fps, edge, emitted)
			}
		}
		frames, samples := int64(0), int64(0)
		for n := range ps.line.FrameAt(now) {
			at, in, _ := ps.frame(n)
			if at != frames {
				t.Fatalf("%d fps: frame %d stands at %d after %d", fps, n, at, frames)
			}
			if in == nil || in.mode == Slate {
				frames++
			}
			if in == nil {
				if s, _ := ps.sample(ps.line.FrameSample(n)); s-ps.line.FrameSample(at) > 1 || s-ps.line.FrameSample(at) < -1 {
					t.Fatalf("%d fps: frame %d stands at %d, its sound at %d", fps, n, at, s)
				}
			}
		}
		for m := int64(0); m < ps.line.SampleAt(now); {
			n := min(ps.untilEdge(m), blockSamples)
			at, in := ps.sample(m)
			last, inLast := ps.sample(m + n - 1)
			if n <= 0 || at != samples || in != inLast {
				t.Fatalf("%d fps: %d samples from %d stand at %d after %d", fps, n, m, at, samples)
			}
			if in == nil || in.mode == Slate {
				samples += n
				if last != at+n-1 {
					t.Fatalf("%d fps: %d samples from %d stand at %d to %d", fps, n, m, at, last)
				}
			}
			m += n
		}
		if d := (ps.line.FrameTime(frames) - ps.line.SampleTime(samples)).Abs(); d > 2*ps.line.FrameTime(1) {
			t.Errorf("%d fps: picture and sound end %v apart", fps, d)
		}
		left, _ := ps.leftOut(ps.line.FrameTime(frames))
		if _, _, cut := ps.spent(Point{ps.line.FrameAt(now), 0}); cut < left || cut-left > 3*time.Second {
			t.Errorf("%d fps: %v were cut, %v are left out", fps, cut, left)
		}
	}
}

// paused plays ten seconds, of which the third to the sixth are a pause: picture n has mark n, sample m has value m/480.
func paused(t *testing.T, mode PauseMode, delay time.Duration) (c *tape, stats PauseStats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var p *Programme
		p, c = record(t, small, Options{})
		c.keep = true
		p.SetDelay(delay)
		if err := p.Pause(c.zero, mode); err != ErrNotRunning {
			t.Errorf("Pause before Start: %v", err)
		}
		line := p.AddAudio()
		p.Start(c.zero)
		at := func(d time.Duration, do func(time.Time) error, want error) {
			time.Sleep(time.Until(c.zero.Add(d)))
			if err := do(time.Now()); err != want {
				t.Errorf("at %v: %v, want %v", d, err, want)
			}
		}
		go func() {
			for n := range int64(300) {
				for now, _ := p.Now(); now < c.line.FrameTime(n); now, _ = p.Now() {
					time.Sleep(time.Millisecond)
				}
				p.Video().Put(n, picture(p, byte(n%110)+40))
				pcm := make([]int16, 1600*Channels)
				for i := range pcm {
					pcm[i] = int16((n*1600+int64(i)/Channels)/480) + 1
				}
				line.Write(n*1600, pcm)
			}
		}()
		pause := func(now time.Time) error { return p.Pause(now, mode) }
		at(2*time.Second, p.Resume, ErrNotPaused)
		at(3*time.Second, pause, nil)
		at(4*time.Second, pause, ErrPaused)
		at(6*time.Second, p.Resume, nil)
		time.Sleep(time.Until(c.zero.Add(10 * time.Second)))
		finish(p, c.zero.Add(10*time.Second))
		if err := p.Resume(time.Now()); err != ErrNotRunning {
			t.Errorf("Resume after Stop: %v", err)
		}
		stats = p.Pauses()
		if n := p.Frames().InUse(); n != 0 {
			t.Errorf("%d frames leaked", n)
		}
		if left, cuts := p.LeftOut(2 * time.Second); left != 0 || cuts != 0 {
			t.Errorf("before the pause %v are left out in %d cuts", left, cuts)
		}
		want, times := time.Duration(0), 0
		if mode == Cut {
			want, times = stats.Cut, 1
		}
		if left, cuts := p.LeftOut(5 * time.Second); left != want || cuts != times {
			t.Errorf("after the pause %v are left out in %d cuts", left, cuts)
		}
	})
	return c, stats
}

func TestPauseCut(t *testing.T) {
	for _, delay := range []time.Duration{0, 2 * time.Second} {
		c, st := paused(t, Cut, delay)
		if st.Times != 1 || st.Slate != 0 || st.Now || (st.Cut-3*time.Second).Abs() > 100*time.Millisecond {
			t.Errorf("delay %v: %+v", delay, st)
		}
		gone := int(c.line.FrameAt(st.Cut + time.Millisecond)) // times are rounded up
		if got := len(c.frames); got != 300-gone || c.samples != int64(got)*1600 {
			t.Fatalf("delay %v: %d frames, %d samples, %d were cut", delay, got, c.samples, gone)
		}
		// One frame of the pause more or less, no more.
		cut := 0
		for n, s := range c.frames {
			shown := n
			if n >= 90 && s.mark != byte(n%110)+40 {
				shown = n + gone
			} else {
				cut = n + 1
			}
			if s.mark != byte(shown%110)+40 || s.repeat {
				t.Fatalf("delay %v: frame %d: %+v", delay, n, s)
			}
			if got, want := c.pcm[n*1600*Channels], int16(shown*1600/480)+1; got != want {
				t.Fatalf("delay %v: the sound of frame %d is %d, want %d", delay, n, got, want)
			}
		}
		if cut < 90 || cut > 92 {
			t.Errorf("delay %v: it was cut at frame %d", delay, cut)
		}
	}
}

func TestPauseSlate(t *testing.T) {
	c, st := paused(t, Slate, 0)
	if st.Times != 1 || st.Cut != 0 || (st.Slate-3*time.Second).Abs() > 100*time.Millisecond {
		t.Errorf("%+v", st)
	}
	if len(c.frames) != 300 || c.samples != 480000 {
		t.Fatalf("%d frames, %d samples", len(c.frames), c.samples)
	}
	pix := make([]byte, small.FrameBytes())
	small.Slate(pix)
	slates, silent := 0, 0
	for n, s := range c.frames {
		hidden := n >= 92 && n < 178
		if shown := s.mark == byte(n%110)+40; shown == hidden && n != 90 && n != 91 && n != 178 && n != 179 && n != 180 && n != 181 {
			t.Errorf("frame %d: %+v", n, s)
		}
		if hidden {
			slates++
			if s.mark != pix[0] || !s.repeat {
				t.Errorf("frame %d of the slate: %+v", n, s)
			}
			if c.pcm[n*1600*Channels] == 0 {
				silent++
			}
		}
	}
	if slates != 86 || silent != slates {
		t.Errorf("%d slates, %d of them silent", slates, silent)
	}
}

// TestPausesBeforeTheyCome: with a delay several pauses may be asked for before the first is reached; Stop in a pause
// ends it.
func TestPausesBeforeTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := record(t, Format{Width: 2, Height: 2, FPS: 30, Video: true, Audio: true}, Options{})
		p.SetDelay(5 * time.Second)
		p.Start(c.zero)
		for range 3 {
			time.Sleep(time.Second)
			if err := p.Pause(time.Now(), Cut); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			if err := p.Resume(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second) // 5.5 s
		if err := p.Pause(time.Now(), Cut); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if st := p.Pauses(); st.Times != 4 || !st.Now {
			t.Errorf("%+v", st)
		}
		finish(p, time.Now())
		if got := c.line.FrameTime(c.total.Frame); (got - 4*time.Second).Abs() > 200*time.Millisecond {
			t.Errorf("it lasts %v", got)
		}
		if d := c.line.FrameTime(c.total.Frame) - c.line.SampleTime(c.total.Sample); d.Abs() > 50*time.Millisecond {
			t.Errorf("picture and sound end %v apart", d)
		}
		if left, cuts := p.LeftOut(time.Hour); cuts != 3 || (left-1500*time.Millisecond).Abs() > 150*time.Millisecond {
			t.Errorf("%v are left out in %d cuts", left, cuts)
		}
	})
}

func TestSlate(t *testing.T) {
	for _, f := range []Format{{Width: 2, Height: 2}, {Width: 17, Height: 33}, {Width: 1280, Height: 720}} {
		pix := make([]byte, f.FrameBytes())
		f.Slate(pix)
		counts := map[byte]int{}
		for _, v := range pix[:f.Width*f.Height] {
			counts[v]++
		}
		if counts[slateLuma]+counts[markLuma] != f.Width*f.Height || f.Width > 16 && counts[markLuma] == 0 || pix[len(pix)-1] != 128 {
			t.Errorf("%dx%d: %v", f.Width, f.Height, counts)
		}
	}
}
