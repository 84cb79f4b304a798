package programme

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// tape is a consumer that notes everything and checks what must hold always.
type tape struct {
	t    *testing.T
	line Timeline
	zero time.Time

	mu      sync.Mutex
	frames  []shot
	samples int64
	pcm     []int16 // if kept
	keep    bool
	ended   bool
	total   Point
}

type shot struct {
	mark   byte // first byte of the picture
	repeat bool
	at     time.Duration
}

func (c *tape) VideoFrame(n int64, f *Frame, repeat bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n != int64(len(c.frames)) || c.ended {
		c.t.Errorf("frame %d after %d, ended %v", n, len(c.frames), c.ended)
	}
	at := time.Since(c.zero)
	if at < c.line.FrameTime(n) {
		c.t.Errorf("frame %d emitted %v early", n, c.line.FrameTime(n)-at)
	}
	c.frames = append(c.frames, shot{f.Pix[0], repeat, at})
}

func (c *tape) AudioBlock(at int64, pcm []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at != c.samples || c.ended || len(pcm) == 0 || len(pcm) > blockSamples*Channels {
		c.t.Errorf("block of %d at %d after %d, ended %v", len(pcm)/Channels, at, c.samples, c.ended)
	}
	c.samples += int64(len(pcm) / Channels)
	if since := time.Since(c.zero); since < c.line.SampleTime(c.samples) {
		c.t.Errorf("sample %d emitted at %v", c.samples, since)
	}
	if c.keep {
		c.pcm = append(c.pcm, pcm...)
	}
}

func (c *tape) End(frames, samples int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || frames != int64(len(c.frames)) || samples != c.samples {
		c.t.Errorf("end with %d, %d after %d, %d; ended %v", frames, samples, len(c.frames), c.samples, c.ended)
	}
	c.ended, c.total = true, Point{frames, samples}
}

// shots are the frames so far, heard the samples.
func (c *tape) shots() []shot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.frames)
}

func (c *tape) heard() (int64, []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.samples, slices.Clone(c.pcm)
}

var small = Format{Width: 2, Height: 2, FPS: 30, Video: true, Audio: true}

func record(t *testing.T, f Format, o Options) (*Programme, *tape) {
	p := New(f, o)
	c := &tape{t: t, line: f.Timeline(), zero: time.Now()}
	p.Attach(c)
	return p, c
}

func picture(p *Programme, mark byte) *Frame {
	f := p.Frames().Get()
	fill(f.Pix, mark)
	return f
}

func finish(p *Programme, end time.Time) {
	p.Stop(end)
	<-p.Done()
}

func TestFramesComeThroughAsTheyArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := record(t, Format{Width: 2, Height: 2, FPS: 30, Video: true}, Options{})
		p.Start(c.zero)
		for n := range int64(60) {
			time.Sleep(time.Until(c.zero.Add(c.line.FrameTime(n) + 5*time.Millisecond)))
			p.Video().Put(n, picture(p, byte(100+n)))
			synctest.Wait()
			if got := len(c.shots()); got != int(n)+1 {
				t.Fatalf("%d frames after Put of %d", got, n)
			}
		}
		finish(p, c.zero.Add(2*time.Second))
		for n, s := range c.frames {
			if s.mark != byte(100+n) || s.repeat {
				t.Fatalf("frame %d: %+v", n, s)
			}
		}
		if s := p.Stats(); s.Frames != 60 || s.Repeats+s.Late+s.Dropped != 0 || s.Samples != 0 {
			t.Fatalf("%+v", s)
		}
		if n := p.Frames().InUse(); n != 0 {
			t.Fatalf("%d frames leaked", n)
		}
	})
}

// One action at a time on a stopped clock; the marks that must have been emitted after it. Black is 16.
func TestVideoRules(t *testing.T) {
	type step struct {
		at   time.Duration // ms
		slot int64
		mark byte // 0: put nothing
		want string
	}
	tests := []struct {
		name                   string
		steps                  []step
		repeats, late, dropped int64
	}{
		{"black before the first, after three periods", []step{{99, 0, 0, "[]"}, {101, 0, 0, "[16]"}, {134, 0, 0, "[16 16]"}}, 2, 0, 0},
		{"a later slot gives the missing ones", []step{{1, 0, 1, "[1]"}, {101, 3, 4, "[1 1 1 4]"}}, 2, 0, 0},
		{"a future slot waits for its time", []step{{1, 2, 3, "[16]"}, {66, 0, 0, "[16 16]"}, {67, 0, 0, "[16 16 3]"}}, 2, 0, 0},
		{"out of order in the queue", []step{{1, 2, 3, "[16]"}, {2, 1, 2, "[16]"}, {70, 0, 0, "[16 2 3]"}}, 1, 0, 0},
		{"late becomes the last good", []step{{105, 0, 0, "[16]"}, {110, 0, 1, "[16]"}, {140, 0, 0, "[16 1]"}, {170, 0, 0, "[16 1 1]"}}, 2, 1, 0},
		{"older than the last good is dropped", []step{{40, 1, 2, "[16 2]"}, {50, 0, 1, "[16 2]"}, {190, 0, 0, "[16 2 2]"}}, 2, 1, 1},
		{"twice the same slot takes the newer", []step{{1, 1, 2, "[16]"}, {2, 1, 3, "[16]"}, {40, 0, 0, "[16 3]"}}, 1, 0, 1},
		{"before zero is the first picture", []step{{1, -1, 9, "[]"}, {101, 0, 0, "[9]"}}, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, c := record(t, Format{Width: 2, Height: 2, FPS: 30, Video: true}, Options{})
				p.Start(c.zero)
				for i, s := range tt.steps {
					time.Sleep(time.Until(c.zero.Add(s.at * time.Millisecond)))
					if s.mark != 0 {
						p.Video().Put(s.slot, picture(p, s.mark))
					}
					synctest.Wait()
					marks := []byte{}
					for _, f := range c.shots() {
						marks = append(marks, f.mark)
					}
					if got := fmt.Sprint(marks); got != s.want {
						t.Fatalf("step %d: %s, want %s", i, got, s.want)
					}
				}
				s := p.Stats()
				if s.Repeats != tt.repeats || s.Late != tt.late || s.Dropped != tt.dropped {
					t.Errorf("%d repeats, %d late, %d dropped; want %d, %d, %d", s.Repeats, s.Late, s.Dropped, tt.repeats, tt.late, tt.dropped)
				}
				finish(p, c.zero)
				if c.frames[0].repeat {
					t.Error("the first frame is called a repeat")
				}
				if n := p.Frames().InUse(); n != 0 {
					t.Errorf("%d frames leaked", n)
				}
			})
		})
	}
}

func TestCaptureFarBehindStaysLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := record(t, Format{Width: 2, Height: 2, FPS: 30, Video: true}, Options{})
		p.Start(c.zero)
		for n := range int64(120) { // a second late, for ever
			time.Sleep(time.Until(c.zero.Add(c.line.FrameTime(n) + 1010*time.Millisecond)))
			p.Video().Put(n, picture(p, byte(20+n)))
			synctest.Wait()
			shots := c.shots()
			if last := shots[len(shots)-1]; n > 2 && last.mark < byte(20+n-2) {
				t.Fatalf("shows %d while %d is here", last.mark, 20+n)
			}
		}
		finish(p, time.Now())
		if s := p.Stats(); s.Late != 120 || s.Repeats > 40 {
			t.Fatalf("%+v", s)
		}
	})
}

func TestWrongSizeIsDropped(t *testing.T) {
	p := New(small, Options{})
	pool := NewFramePool(5)
	p.Video().Put(0, pool.Get())
	if s := p.Stats(); s.Dropped != 1 || s.Queue != 0 || pool.InUse() != 0 {
		t.Fatalf("%+v, %d in use", s, pool.InUse())
	}
}

func TestStop(t *testing.T) {
	tests := []struct {
		name    string
		start   bool
		run     time.Duration // until Stop is called
		end     time.Duration
		frames  int64
		samples int64
		done    time.Duration // after Stop, at most
	}{
		{"before start", false, time.Second, 0, 0, 0, 0},
		{"at once", true, 0, 0, 0, 0, 0},
		{"before zero", true, 0, -time.Second, 0, 0, 0},
		{"after a while", true, 1010 * time.Millisecond, 1010 * time.Millisecond, 30, 48480, 500 * time.Millisecond},
		{"ahead", true, time.Second, 2 * time.Second, 60, 96000, 1500 * time.Millisecond},
		{"back", true, 2 * time.Second, time.Second, 57, 91200, 500 * time.Millisecond}, // emitted already
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, c := record(t, small, Options{})
				line := p.AddAudio()
				if tt.start {
					p.Start(c.zero)
				}
				for at := int64(0); p.line.SampleTime(at+480) <= tt.run; at += 480 {
					time.Sleep(time.Until(c.zero.Add(p.line.SampleTime(at + 480))))
					line.Write(at, make([]int16, 480*Channels))
				}
				time.Sleep(time.Until(c.zero.Add(tt.run)))
				begin := time.Now()
				finish(p, c.zero.Add(tt.end))
				if took := time.Since(begin); took > tt.done {
					t.Errorf("took %v, want %v", took, tt.done)
				}
				p.Stop(time.Now())
				p.Start(time.Now())
				switch {
				case tt.name == "back":
					if c.total.Frame < 57 || c.total.Frame > 60 || c.total.Sample < 1900*48 {
						t.Errorf("%+v", c.total)
					}
				case c.total != Point{tt.frames, tt.samples}:
					t.Errorf("%+v", c.total)
				}
				together(t, c.line, c.total)
				late := &tape{t: t}
				c.mu.Lock()
				late.frames, late.samples = c.frames, c.samples
				c.mu.Unlock()
				p.Attach(late)
				if !late.ended {
					t.Error("a consumer after the end was not told")
				}
			})
		})
	}
}

func together(t *testing.T, l Timeline, total Point) {
	t.Helper()
	most := l.FrameTime(1) + l.SampleTime(1)
	if apart := l.FrameTime(total.Frame) - l.SampleTime(total.Sample); apart > most || apart < -most {
		t.Errorf("video and audio end %v apart", apart)
	}
}

// Pictures are out, sound is still waited for, and the end is put before both.
func TestStopBehindWhatIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := record(t, small, Options{})
		p.AddAudio()
		p.Start(c.zero)
		for n := range int64(30) {
			time.Sleep(time.Until(c.zero.Add(c.line.FrameTime(n))))
			p.Video().Put(n, picture(p, 1))
		}
		synctest.Wait()
		finish(p, c.zero.Add(100*time.Millisecond))
		if c.total.Frame != 30 {
			t.Errorf("%d frames, want 30", c.total.Frame)
		}
		together(t, c.line, c.total)
	})
}

// Closed sources are not waited for.
func TestStopAfterSourcesClosedIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := record(t, small, Options{})
		line := p.AddAudio()
		p.Start(c.zero)
		time.Sleep(time.Second)
		line.Close()
		p.Video().Close()
		begin := time.Now()
		finish(p, begin)
		if took := time.Since(begin); took != 0 || c.total != (Point{30, 48000}) {
			t.Fatalf("took %v, %+v", took, c.total)
		}
	})
}

func TestAudioIsWaitedForThenSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := record(t, Format{Audio: true}, Options{})
		c.keep = true
		a, b := p.AddAudio(), p.AddAudio()
		p.Start(c.zero)
		a.Write(0, loud(1, 1920))
		time.Sleep(519 * time.Millisecond)
		synctest.Wait()
		if n, _ := c.heard(); n != 0 {
			t.Fatalf("%d samples without the second line", n)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if n, _ := c.heard(); n != 960 {
			t.Fatalf("%d samples at its patience, want 960", n)
		}
		b.Write(960, make([]int16, 960*Channels))
		synctest.Wait()
		if n, pcm := c.heard(); n != 1920 || !slices.Equal(pcm, loud(1, 1920)) {
			t.Fatalf("%d samples when both are there", n)
		}
		finish(p, time.Now())
	})
}

// Any pattern of input gives the counts that the clock asks for, and no queue grows.
func FuzzProgramme(f *testing.F) {
	f.Add(uint64(1), uint8(30), false, false)
	f.Add(uint64(2), uint8(60), true, false)
	f.Add(uint64(3), uint8(24), false, true)
	f.Add(uint64(4), uint8(1), true, true)
	f.Fuzz(func(t *testing.T, seed uint64, fps uint8, mute, blind bool) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, uint64(fps)))
			format := Format{Width: 2, Height: 2, FPS: 1 + int(fps)%120, Video: true, Audio: true}
			p, c := record(t, format, Options{})
			lines := []*AudioLine{p.AddAudio(), p.AddAudio()}
			c.zero = c.zero.Add(time.Duration(rng.Int64N(int64(100*time.Millisecond))) - 50*time.Millisecond)
			p.Start(c.zero)
			for range 400 {
				now := time.Since(c.zero)
				switch rng.IntN(8) {
				case 0, 1, 2: // in time, late, early, twice
					if !blind {
						for range 1 + rng.IntN(3) {
							p.Video().Put(c.line.FrameAt(now)+rng.Int64N(9)-4, picture(p, byte(rng.IntN(256))))
						}
					}
				case 3: // nonsense
					p.Video().Put(rng.Int64()-rng.Int64(), picture(p, 1))
				case 4, 5, 6:
					if !mute {
						l := lines[rng.IntN(2)]
						l.Write(c.line.SampleAt(now)+rng.Int64N(9600)-4800, loud(seed, 1+rng.IntN(2000)))
					}
				case 7: // stall
					time.Sleep(time.Duration(rng.Int64N(int64(300 * time.Millisecond))))
				}
				time.Sleep(time.Duration(rng.Int64N(int64(10 * time.Millisecond))))
				s := p.Stats()
				if s.Queue > p.video.limit || p.Frames().InUse() > p.video.limit+2 {
					t.Fatalf("queue of %d, %d frames in use", s.Queue, p.Frames().InUse())
				}
				for _, l := range lines {
					if len(l.ring) > 2*Channels*int(p.mixer.ahead) {
						t.Fatalf("ring of %d", len(l.ring))
					}
				}
			}
			end := time.Since(c.zero)
			finish(p, c.zero.Add(end))
			if d := c.total.Frame - c.line.FrameAt(end); d < -1 || d > 1 {
				t.Errorf("%d frames in %v", c.total.Frame, end)
			}
			if d := c.total.Sample - c.line.SampleAt(end); d < -blockSamples || d > blockSamples {
				t.Errorf("%d samples in %v", c.total.Sample, end)
			}
			together(t, c.line, c.total)
			if n := p.Frames().InUse(); n != 0 {
				t.Errorf("%d frames leaked", n)
			}
		})
	})
}
