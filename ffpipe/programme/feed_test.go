package programme

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// reader takes what a feed writes, through a real pipe's semantics: a write is blocked until it is read.
type reader struct {
	w    *io.PipeWriter
	r    *io.PipeReader
	mu   sync.Mutex
	got  []byte
	done chan struct{}
}

// newReader reads in pieces of size bytes, waiting for pace before each.
func newReader(size int, pace func()) *reader {
	r := &reader{done: make(chan struct{})}
	r.r, r.w = io.Pipe()
	go func() {
		defer close(r.done)
		buf := make([]byte, size)
		for {
			if pace != nil {
				pace()
			}
			n, err := io.ReadFull(r.r, buf)
			r.mu.Lock()
			r.got = append(r.got, buf[:n]...)
			r.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return r
}

func (r *reader) bytes() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.got)
}

// station feeds a Feed as a programme does, one frame and its sound a period, counted from 0.
type station struct {
	feed *Feed
	pool *FramePool
	n    int64
	at   int64
}

func newStation(f Format) *station {
	return &station{feed: NewFeed(f, nil), pool: NewFramePool(f.FrameBytes())}
}

func (s *station) emit() {
	f := s.pool.Get()
	fill(f.Pix, byte(s.n))
	s.feed.VideoFrame(s.n, f, false)
	f.Release()
	s.n++
	for s.at < (Timeline{30}).FrameSample(s.n) {
		pcm := make([]int16, 800*Channels)
		for i := range pcm {
			pcm[i] = int16(s.at + int64(i/2))
		}
		s.feed.AudioBlock(s.at, pcm)
		s.at += 800
	}
}

func (s *station) play(d time.Duration, each func()) {
	for end := s.n + int64(d*30/time.Second); s.n < end; {
		time.Sleep(time.Second / 30)
		s.emit()
		if each != nil {
			each()
		}
	}
}

func (s *station) end() { s.feed.End(s.n, s.at) }

// marks are the first bytes of the pictures, and sound checks that samples count up from first.
func marks(t *testing.T, b []byte) []byte {
	t.Helper()
	if len(b)%6 != 0 {
		t.Fatalf("%d bytes of video are no whole pictures", len(b))
	}
	var m []byte
	for i := 0; i < len(b); i += 6 {
		m = append(m, b[i])
	}
	return m
}

func sound(t *testing.T, b []byte, first, silent int64) {
	t.Helper()
	for i := int64(0); i < int64(len(b)/pcmBytes); i++ {
		want := int16(first + i)
		if i < silent {
			want = 0
		}
		if got := int16(b[i*4]) | int16(b[i*4+1])<<8; got != want {
			t.Fatalf("sample %d is %d, want %d", first+i, got, want)
		}
	}
}

func serve(s *station, ctx context.Context, from Point, v, a *reader) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.feed.Serve(ctx, from, v.w, a.w) }()
	return done
}

func TestFeedWritesEverythingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(small)
		v, a := newReader(6, nil), newReader(100, nil)
		done := serve(s, t.Context(), Point{}, v, a)
		s.play(4*time.Second, synctest.Wait)
		s.end()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		<-v.done
		<-a.done
		got := marks(t, v.bytes())
		for i, m := range got {
			if m != byte(i) {
				t.Fatalf("frame %d shows %d", i, m)
			}
		}
		if len(got) != 120 || len(a.bytes()) != 192000*4 {
			t.Fatalf("%d frames, %d bytes of sound", len(got), len(a.bytes()))
		}
		sound(t, a.bytes(), 0, 0)
		if st := s.feed.Stats(); st.Overload+st.HoleFrames+st.HoleSamples != 0 || st.Written != (Point{120, 192000}) || st.RetainedPCM != 192000 {
			t.Fatalf("%+v", st)
		}
	})
}

// The reader stands for 4 s, then is a little faster than real time: memory stays bounded, nothing is missing, and
// the pictures are fresh again in the end.
func TestFeedUnderAStalledAndSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(small)
		stalled := time.Now().Add(4 * time.Second)
		pace := func() {
			time.Sleep(time.Until(stalled))
			time.Sleep(25 * time.Millisecond)
		}
		v, a := newReader(6, pace), newReader(1600*4, pace)
		done := serve(s, t.Context(), Point{}, v, a)
		s.play(20*time.Second, func() {
			if st := s.feed.Stats(); st.QueueFrames > s.feed.frames.depth || s.pool.InUse() > s.feed.frames.depth+2 {
				t.Fatalf("%d frames queued, %d in use", st.QueueFrames, s.pool.InUse())
			}
		})
		st := s.feed.Stats()
		if st.LagFrames > 1 || st.Overload < 100 || st.MaxLagFrames < 115 {
			t.Fatalf("%+v", st)
		}
		s.end()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		<-a.done
		<-v.done
		got := marks(t, v.bytes())
		if len(got) != 600 || got[599] != byte(599%256) || got[0] != 0 {
			t.Fatalf("%d frames, the last shows %d", len(got), got[len(got)-1])
		}
		changes := 0
		for i := 1; i < len(got); i++ {
			if got[i] != got[i-1] {
				changes++
			}
		}
		if int64(599-changes) != st.Overload || st.Still != st.Overload {
			t.Errorf("%d repeats written, %d and %d counted", 599-changes, st.Overload, st.Still)
		}
		sound(t, a.bytes(), 0, 0)
		if n := len(a.bytes()); n != 600*1600*4 {
			t.Fatalf("%d bytes of sound", n)
		}
	})
}

func TestFeedServesARestartedEncoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(small)
		v, a := newReader(6, nil), newReader(100, nil)
		done := serve(s, t.Context(), Point{}, v, a)
		s.play(3*time.Second, synctest.Wait)
		v.r.Close() // the encoder dies
		s.play(time.Second/10, synctest.Wait)
		if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
			t.Fatalf("error %v", err)
		}
		<-a.done
		s.play(time.Second, nil)
		if st := s.feed.Stats(); st.QueueFrames > s.feed.frames.depth || st.RetainedPCM != s.at {
			t.Fatalf("%+v", st)
		}
		from := Point{75, 120000} // what the hub has
		s.feed.Forget(from)
		oldest := s.n - int64(s.feed.frames.depth)
		v, a = newReader(6, nil), newReader(100, nil)
		done = serve(s, t.Context(), from, v, a)
		synctest.Wait()
		s.play(time.Second, synctest.Wait)
		s.end()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		<-v.done
		<-a.done
		got := marks(t, v.bytes())
		if int64(len(got)) != s.n-75 {
			t.Fatalf("%d frames, want %d", len(got), s.n-75)
		}
		for i, m := range got {
			if want := byte(max(int64(i)+75, oldest)); m != want {
				t.Fatalf("frame %d shows %d, want %d", i+75, m, want)
			}
		}
		if st := s.feed.Stats(); st.HoleFrames != oldest-75 || st.HoleSamples != 0 {
			t.Fatalf("%+v, want %d hole frames", st, oldest-75)
		}
		sound(t, a.bytes(), 120000, 0)
		if n := int64(len(a.bytes())); n != (s.at-120000)*4 {
			t.Fatalf("%d bytes of sound", n)
		}
	})
}

// Everything was written to an encoder that then died, also after the end: the last picture fills the hole.
func TestFeedServesAgainAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(small)
		for range 2 {
			v, a := newReader(6, nil), newReader(100, nil)
			done := serve(s, t.Context(), Point{}, v, a)
			if s.n == 0 {
				s.play(time.Second, synctest.Wait)
				s.end()
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			<-v.done
			<-a.done
			if got := marks(t, v.bytes()); len(got) != 30 || got[29] != 29 {
				t.Fatalf("frames %v", got)
			}
			sound(t, a.bytes(), 0, 0)
		}
		if st := s.feed.Stats(); st.HoleFrames != 29 { // the last one is still there
			t.Fatalf("%+v", st)
		}
	})
}

func TestFeedStall(t *testing.T) {
	for name, f := range map[string]Format{
		"both": small, "video": {Width: 2, Height: 2, FPS: 30, Video: true}, "audio": {FPS: 30, Audio: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStation(f)
				never := make(chan struct{})
				stuck := func() { <-never }
				v, a := newReader(6, stuck), newReader(6, stuck)
				begin := time.Now()
				done := serve(s, t.Context(), Point{}, v, a)
				s.play(40*time.Second, nil)
				if err := <-done; !errors.Is(err, ErrStalled) {
					t.Fatalf("error %v", err)
				}
				close(never)
				st := s.feed.Stats()
				if st.Stalls != 1 || st.RetainedPCM > 30*SampleRate || st.QueueFrames > s.feed.frames.depth {
					t.Fatalf("%+v", st)
				}
				// A new encoder that starts 40 s back is not stalled, and gets silence for what is gone.
				v2, a2 := newReader(6, nil), newReader(6, nil)
				done = serve(s, t.Context(), Point{}, v2, a2)
				synctest.Wait()
				s.play(time.Second, synctest.Wait)
				s.end()
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); took > 42*time.Second {
					t.Fatalf("took %v", took)
				}
				if f.Video {
					<-v2.done
					if n := len(marks(t, v2.bytes())); int64(n) != s.n {
						t.Errorf("%d frames, want %d", n, s.n)
					}
				}
				if f.Audio {
					<-a2.done
					st := s.feed.Stats()
					sound(t, a2.bytes(), 0, st.HoleSamples)
					if int64(len(a2.bytes())) != s.at*4 || st.HoleSamples < 9*SampleRate || st.HoleSamples > 11*SampleRate {
						t.Errorf("%d bytes of sound, %+v", len(a2.bytes()), st)
					}
				}
				for _, r := range []*reader{v, a, v2, a2} {
					r.w.Close()
					<-r.done
				}
			})
		})
	}
}

func TestFeedServeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(small)
		never := make(chan struct{})
		v, a := newReader(6, func() { <-never }), newReader(6, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := serve(s, ctx, Point{}, v, a)
		s.play(time.Second, nil)
		v2, a2 := newReader(6, nil), newReader(6, nil)
		if err := s.feed.Serve(ctx, Point{}, v2.w, a2.w); !errors.Is(err, ErrServing) {
			t.Fatalf("second Serve: %v", err)
		}
		if err := s.feed.Serve(ctx, Point{}, v2.w, nil); err == nil {
			t.Fatal("served without a writer")
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		close(never)
		for _, r := range []*reader{v, a, v2, a2} {
			<-r.done // all writers are closed
		}
	})
}

// ffmpeg reads whichever input is behind: one pipe may be full while the other starves.
func TestFeedDoesNotDeadlockAReaderThatAlternates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(small)
		vr, vw := io.Pipe()
		ar, aw := io.Pipe()
		done := make(chan error, 1)
		go func() { done <- s.feed.Serve(t.Context(), Point{}, vw, aw) }()
		var frames, samples int64
		read := make(chan struct{})
		go func() {
			defer close(read)
			pic, pcm := make([]byte, 6), make([]byte, 1024*4)
			for {
				if (Timeline{30}).FrameSample(frames) <= samples {
					if _, err := io.ReadFull(vr, pic); err != nil {
						break
					}
					frames++
				} else {
					n, err := io.ReadFull(ar, pcm)
					samples += int64(n / 4)
					if err != nil {
						break
					}
				}
			}
			n, _ := io.Copy(io.Discard, ar)
			samples += n / 4
			n, _ = io.Copy(io.Discard, vr)
			frames += n / 6
		}()
		s.play(5*time.Second, nil)
		s.end()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		<-read
		if frames != 150 || samples != 240000 {
			t.Fatalf("%d frames, %d samples", frames, samples)
		}
	})
}

// While nobody serves, memory is bounded; Forget frees what is not needed.
func TestFeedWithoutAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(small)
		s.play(120*time.Second, func() {
			st := s.feed.Stats()
			if st.QueueFrames > s.feed.frames.depth || st.RetainedPCM > 30*SampleRate || s.pool.InUse() > s.feed.frames.depth+1 {
				t.Fatalf("%+v, %d in use", st, s.pool.InUse())
			}
			if n := len(s.feed.pcm.chunks); n > 122 {
				t.Fatalf("%d chunks", n)
			}
		})
		s.feed.Forget(Point{s.n, s.at - 100})
		if st := s.feed.Stats(); st.RetainedPCM != 100 || len(s.feed.pcm.chunks) != 1 {
			t.Fatalf("%+v, %d chunks", st, len(s.feed.pcm.chunks))
		}
	})
}

// The lag rule on numbers: all up to half the queue, then every second, third … picture.
func TestSpacing(t *testing.T) {
	for lag, want := range map[int64]int64{0: 1, 1: 1, 10: 1, 12: 1, 13: 2, 15: 3, 18: 4, 20: 5, 40: 13} {
		if got := spacing(lag, 20); got != want {
			t.Errorf("%d behind: every %d, want %d", lag, got, want)
		}
	}
	for _, tt := range []struct {
		f    Format
		want int
	}{
		{Format{Width: 1280, Height: 720, FPS: 30, Video: true}, 30},
		{Format{Width: 1920, Height: 1080, FPS: 30, Video: true}, 21},
		{Format{Width: 3840, Height: 2160, FPS: 30, Video: true}, 6},
		{Format{Width: 640, Height: 360, FPS: 5, Video: true}, 6},
		{Format{FPS: 30, Audio: true}, 30},
	} {
		if got := queueDepth(tt.f); got != tt.want {
			t.Errorf("%+v: %d pictures, want %d", tt.f, got, tt.want)
		}
	}
}

// A reader that stands still for as long as half the queue costs no picture; a slow one gets them evenly spaced.
func TestFeedThinsByDegrees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(Format{Width: 2, Height: 2, FPS: 30, Video: true})
		stalled := time.Now().Add(500 * time.Millisecond)
		slow := 20 * time.Millisecond
		v := newReader(6, func() {
			time.Sleep(time.Until(stalled))
			time.Sleep(slow)
		})
		done := make(chan error, 1)
		go func() { done <- s.feed.Serve(t.Context(), Point{}, v.w, nil) }()
		s.play(3*time.Second, synctest.Wait)
		if st := s.feed.Stats(); st.Overload != 0 || st.LagFrames > 1 {
			t.Fatalf("after a stall: %+v", st)
		}
		slow = 50 * time.Millisecond // two thirds of the rate, whatever the picture
		s.play(3*time.Second, synctest.Wait)
		s.end()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		<-v.done
		got := marks(t, v.bytes())
		stood, longest := 0, 0
		for i := 90; i < len(got); i++ {
			if got[i] == got[i-1] {
				stood++
			} else {
				stood = 0
			}
			longest = max(longest, stood)
		}
		if st := s.feed.Stats(); st.Overload == 0 || longest > 10 {
			t.Fatalf("a picture stood for %d slots: %+v", longest, st)
		}
	})
}

// A run that begins far behind is no stall, and what it has not written is not forgotten.
func TestFeedKeepsWhatARunStillNeeds(t *testing.T) {
	s := newStation(small)
	for range 40 * 30 {
		s.emit()
	}
	r := &serving{video: true, audio: true, lag: Point{s.n, s.at}, failed: make(chan struct{})}
	s.feed.run = r
	s.emit()
	s.emit()
	if r.err != nil {
		t.Fatal(r.err)
	}
	r.pos = Point{s.n, s.at - 4800}
	s.feed.Forget(Point{s.n, s.at})
	if got := s.feed.Stats().RetainedPCM; got != 4800 {
		t.Fatalf("%d samples retained, 4800 are not written", got)
	}
}
