package outputs

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// waitFor waits until ok says so; the deadline is there to fail, not to pass.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, deadline := time.NewTicker(time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited a minute for: %s", what)
		}
	}
}

// rig is a programme's feed, driven by hand as fast as the encoder takes it,
// with a flash of two frames and a beep of 50 ms at each whole second.
type rig struct {
	t        *testing.T
	format   programme.Format
	feed     *programme.Feed
	hub      *Hub
	encoding *Encoding
	pool     *programme.FramePool
	frame    int64
	sound    func(sample int64) int16 // nil = a beep at each whole second
}

func newRig(t *testing.T, o ffpipe.EncoderOptions) *rig {
	t.Helper()
	o.Width, o.Height, o.FPS, o.VideoBitrate, o.AudioBitrate = 640, 360, 30, 300, 96
	if testing.Verbose() {
		t.Logf("%v", o.Args(3, 4, 5))
	}
	f := programme.Format{Width: o.Width, Height: o.Height, FPS: o.FPS, Video: o.Video, Audio: o.Audio}
	r := &rig{t: t, format: f, feed: programme.NewFeed(f, nil), pool: programme.NewFramePool(f.FrameBytes()),
		hub: NewHub(HubOptions{Container: o.Container, FPS: o.FPS, HasVideo: o.Video, HasAudio: o.Audio})}
	r.encoding = &Encoding{FFmpeg: "/usr/bin/ffmpeg", Options: o, Feed: r.feed, Hub: r.hub}
	return r
}

// finish ends the programme: the file has its whole length, which is told, too.
func (r *rig) finish(file *File) (Result, time.Duration) {
	r.t.Helper()
	r.end()
	result, err := file.Finish(r.t.Context())
	if err := errors.Join(err, r.encoding.Err()); err != nil {
		r.t.Fatal(err)
	}
	want := r.format.Timeline().FrameTime(r.frame)
	if d := result.Duration - want; d.Abs() > time.Millisecond || result.Note != "" {
		r.t.Errorf("result %+v, want %s", result, want)
	}
	return result, want
}

// heard is a file of all that a subscriber of an encoding that is over has been given.
func (r *rig) heard(s *Subscription) string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "heard.mp4")
	out, err := os.Create(path)
	if err != nil {
		r.t.Fatal(err)
	}
	for f, err := s.Next(r.t.Context()); err != io.EOF; f, err = s.Next(r.t.Context()) {
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := out.Write(f.Data); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func (r *rig) start() {
	r.t.Helper()
	if err := r.encoding.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		r.encoding.Kill()
		<-r.encoding.Done()
	})
}

// push gives the feed n frames' time. With wait it goes no faster than the
// encoder; without, it is the clock that runs on while nobody encodes.
func (r *rig) push(n int, wait bool) {
	r.t.Helper()
	line := r.format.Timeline()
	for range n {
		if wait {
			waitFor(r.t, "the encoder to take frames", func() bool {
				s := r.feed.Stats()
				return s.LagFrames < 3 && s.Samples-s.Written.Sample < 9600
			})
		}
		second := r.frame % int64(r.format.FPS)
		if r.format.Video {
			f := r.pool.Get()
			r.format.Black(f.Pix)
			luma := f.Pix[:r.format.Width*r.format.Height]
			for i := range luma {
				luma[i] = 40 + byte((int64(i%r.format.Width)+3*r.frame)%60)
				if second < 2 {
					luma[i] = 235
				}
			}
			r.feed.VideoFrame(r.frame, f, false)
			f.Release()
		}
		if r.format.Audio {
			from, to := line.FrameSample(r.frame), line.FrameSample(r.frame+1)
			pcm := make([]int16, 0, 2*(to-from))
			for m := from; m < to; m++ {
				v := int16(0)
				if r.sound != nil {
					v = r.sound(m)
				} else if at := m % programme.SampleRate; at < 2400 {
					v = int16(12000 * (1 - 2*(at/24%2))) // 1 kHz square
				}
				pcm = append(pcm, v, v)
			}
			r.feed.AudioBlock(from, pcm)
		}
		r.frame++
	}
}

func (r *rig) end() {
	r.t.Helper()
	total := programme.Point{}
	if r.format.Video {
		total.Frame = r.frame
	}
	if r.format.Audio {
		total.Sample = r.format.Timeline().FrameSample(r.frame)
	}
	r.feed.End(total.Frame, total.Sample)
	select {
	case <-r.encoding.Done():
	case <-time.After(time.Minute):
		r.t.Fatal("encoder does not end")
	}
}

// kill ends the encoder as the kernel would, lets the clock run for a third of
// a second, and waits until the next encoder is fed.
func (r *rig) kill() {
	r.t.Helper()
	serves := r.feed.Stats().Serves
	if err := syscall.Kill(r.encoding.Stats().PID, syscall.SIGKILL); err != nil {
		r.t.Fatal(err)
	}
	waitFor(r.t, "the death to be noticed", func() bool { return r.encoding.Stats().Restarts > 0 })
	r.push(10, false)
	waitFor(r.t, "another encoder", func() bool { return r.feed.Stats().Serves > serves })
}

func (r *rig) record() *File {
	r.t.Helper()
	dir := r.t.TempDir()
	f := &File{Hub: r.hub, FFmpeg: "/usr/bin/ffmpeg", Work: filepath.Join(dir, "work.mp4"),
		Target: filepath.Join(dir, "out", "a.mp4"), Syncer: &workfile.Syncer{}}
	if err := f.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return f
}

var noBFrames = 0

// TestRestartIntoTheSameFile: the encoder is killed in the middle; the file
// goes on, is clean, has the whole duration, and sound and picture are together
// before and after.
func TestRestartIntoTheSameFile(t *testing.T) {
	for _, c := range []struct {
		name string
		o    ffpipe.EncoderOptions
	}{
		{"main with B-frames, 44.1 kHz", ffpipe.EncoderOptions{Video: true, Audio: true, AudioFrequency: 44100}},
		{"no B-frames, 48 kHz", ffpipe.EncoderOptions{Video: true, Audio: true, AudioFrequency: 48000, BFrames: &noBFrames, KeyFrameInterval: 2}},
		{"video only", ffpipe.EncoderOptions{Video: true}},
		{"audio only", ffpipe.EncoderOptions{Audio: true, AudioFrequency: 44100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.o)
			file := r.record()
			r.start()
			r.push(100, true)
			waitFor(t, "a fragment", func() bool { return r.hub.Stats().Fragments > 0 })
			r.kill()
			late := r.hub.Subscribe("late joiner", Lossless{})
			r.push(90, true)
			result, want := r.finish(file)
			if _, err := os.Stat(file.Work); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("work file stays: %v", err)
			}
			stats := r.encoding.Stats()
			t.Logf("%+v", stats)
			if stats.Restarts != 1 || c.o.Video && stats.HoleFrames == 0 || stats.HoleSamples != 0 || stats.PID != 0 || stats.CPU == 0 {
				t.Errorf("%+v", stats)
			}
			m := measure(t, result.Path, r.encoding.Options)
			m.check(t, want, stats)
			if stats.HoleFrames > 60 {
				t.Errorf("hole of %d frames", stats.HoleFrames)
			}

			if l := measure(t, r.heard(late), r.encoding.Options); len(l.flashes)+len(l.beeps) == 0 || len(l.flashes) > len(m.flashes) {
				t.Errorf("late joiner sees %d flashes, hears %d beeps", len(l.flashes), len(l.beeps))
			}
		})
	}
}

// TestDeathAtTheEnd: an encoder that dies with the end of the programme in it
// is replaced like any other, and the file has its whole length.
func TestDeathAtTheEnd(t *testing.T) {
	r := newRig(t, ffpipe.EncoderOptions{Video: true, Audio: true, AudioFrequency: 44100})
	file := r.record()
	r.start()
	r.push(60, true)
	waitFor(t, "a fragment", func() bool { return r.hub.Stats().Fragments > 0 })
	if err := syscall.Kill(r.encoding.Stats().PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.end()
	result, err := file.Finish(t.Context())
	if err := errors.Join(err, r.encoding.Err()); err != nil {
		t.Fatal(err)
	}
	if d := result.Duration - 2*time.Second; d.Abs() > time.Millisecond || r.encoding.Stats().Restarts != 1 {
		t.Errorf("%+v, %+v", result, r.encoding.Stats())
	}
	measure(t, result.Path, r.encoding.Options).check(t, 2*time.Second, r.encoding.Stats())
}

// TestEncodingGivesUp: what can not be repaired by a restart ends after three
// deaths, with the reason, and so do the subscribers.
func TestEncodingGivesUp(t *testing.T) {
	for _, c := range []struct {
		fake string
		want error
	}{
		{"exit", nil}, {"silent", errSilent}, {"leave", nil}, {"another init", ErrInitChanged}, {"noise", ErrMalformed},
	} {
		t.Run(c.fake, func(t *testing.T) {
			t.Setenv(fakeEnv, c.fake)
			t.Setenv(fakeStateEnv, filepath.Join(t.TempDir(), "state"))
			r := newRig(t, ffpipe.EncoderOptions{Video: true, Audio: true})
			r.encoding.FFmpeg = os.Args[0]
			r.encoding.StallTimeout = 300 * time.Millisecond
			s := r.hub.Subscribe("file", Lossless{})
			r.start()
			r.push(30, false)
			select {
			case <-r.encoding.Done():
			case <-time.After(time.Minute):
				t.Fatal("does not give up")
			}
			err := r.encoding.Err()
			if !errors.Is(err, ErrEncoderLost) || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("ended with %v, want %v", err, c.want)
			}
			if n := r.encoding.Stats().Restarts; n != 2 {
				t.Errorf("%d restarts", n)
			}
			drain(t, s, ErrEncoderLost)
		})
	}
}

func TestEncodingStart(t *testing.T) {
	r := newRig(t, ffpipe.EncoderOptions{Video: true})
	r.encoding.FFmpeg = "/nonexistent/ffmpeg"
	if err := r.encoding.Start(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no ffmpeg: %v", err)
	}
}

// TestEncodingKill: after Kill and after the end of the context no child is left and the reason
// is told.
func TestEncodingKill(t *testing.T) {
	t.Setenv(fakeEnv, "silent")
	for _, byContext := range []bool{false, true} {
		r := newRig(t, ffpipe.EncoderOptions{Audio: true})
		r.encoding.FFmpeg = os.Args[0]
		ctx, cancel := context.WithCancel(t.Context())
		if err := r.encoding.Start(ctx); err != nil {
			t.Fatal(err)
		}
		want := ErrKilled
		if byContext {
			want = context.Canceled
			cancel()
		} else {
			r.encoding.Kill()
		}
		<-r.encoding.Done()
		cancel()
		if !errors.Is(r.encoding.Err(), want) || r.encoding.Stats().PID != 0 {
			t.Errorf("ended with %v, want %v", r.encoding.Err(), want)
		}
	}
}

func TestDeaths(t *testing.T) {
	var d deaths
	at := time.Now()
	for i, c := range []struct {
		after time.Duration
		many  bool
	}{{0, false}, {59 * time.Second, false}, {time.Second, false}, {58 * time.Second, true}, {2 * time.Minute, false}} {
		at = at.Add(c.after)
		if got := d.tooMany(at); got != c.many {
			t.Errorf("death %d: %t", i, got)
		}
	}
}

func TestStallWatch(t *testing.T) {
	lagging := programme.FeedStats{LagFrames: 5}
	fed := func(n int64) programme.FeedStats {
		return programme.FeedStats{Samples: n, Written: programme.Point{Frame: n, Sample: n}}
	}
	for _, c := range []struct {
		name  string
		fps   int
		out   func(second int) output
		in    func(second int) programme.FeedStats
		ended bool
		want  int // second at which it is stalled, 0 = never in 100
	}{
		{"works", 30, func(s int) output { return output{int64(s), int64(s)} }, func(s int) programme.FeedStats { return lagging }, false, 0},
		{"slow but alive", 30, func(s int) output { return output{0, int64(s / 9)} }, func(s int) programme.FeedStats { return lagging }, false, 0},
		{"hangs with input waiting", 30, func(int) output { return output{} }, func(int) programme.FeedStats { return lagging }, false, 10},
		{"eats and gives nothing", 30, func(int) output { return output{} }, func(s int) programme.FeedStats { return fed(int64(s)) }, false, 10},
		{"sound waits", 30, func(int) output { return output{} }, func(int) programme.FeedStats { return programme.FeedStats{Samples: 1} }, false, 10},
		{"nothing to do", 30, func(int) output { return output{} }, func(int) programme.FeedStats { return fed(7) }, false, 0},
		{"does not finish", 30, func(int) output { return output{} }, func(int) programme.FeedStats { return fed(7) }, true, 10},
		{"one frame a second", 1, func(int) output { return output{} }, func(s int) programme.FeedStats { return fed(int64(s)) }, false, 60},
		{"stops after a while", 30, func(s int) output { return output{int64(min(s, 20)), 0} }, func(int) programme.FeedStats { return lagging }, false, 30},
	} {
		start, got := time.Now(), 0
		w := newStallWatch(0, c.fps, start)
		for s := 1; s <= 100 && got == 0; s++ {
			if w.stalled(start.Add(time.Duration(s)*time.Second), c.out(s), c.in(s), c.ended) {
				got = s
			}
		}
		if got != c.want && (c.want == 0 || got < c.want || got > c.want+1) {
			t.Errorf("%s: stalled after %d s, want %d", c.name, got, c.want)
		}
	}
}
