package programme

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// steady drives a programme with a feed and two readers by hand, on a zero in the past, so that everything is due.
type steady struct {
	p       *Programme
	line    *AudioLine
	pcm     []int16
	n       int64
	feed    *Feed
	r       *serving
	buf     []byte
	written int64
}

func newSteady(f Format) *steady {
	s := &steady{p: New(f, Options{}), feed: NewFeed(f, nil), pcm: make([]int16, blockSamples*Channels), buf: make([]byte, serveSamples*pcmBytes)}
	s.p.zero = time.Now().Add(-1000 * time.Hour)
	s.p.Attach(s.feed)
	s.line = s.p.AddAudio()
	s.r = &serving{video: true, audio: true, failed: make(chan struct{})}
	s.feed.run = s.r
	return s
}

// frame passes one frame and its sound from the source to the encoder's pipes.
func (s *steady) frame() {
	f := s.p.Frames().Get()
	s.p.Video().Put(s.n, f)
	s.n++
	for s.p.mixer.next < s.p.line.FrameSample(s.n) {
		s.line.Write(s.p.mixer.next, s.pcm)
		s.p.mu.Lock()
		s.p.emitAudio()
	}
	s.p.mu.Lock()
	s.p.emitVideo()
	for s.r.pos.Frame < s.feed.frames.next {
		g := s.feed.nextFrame(s.r)
		s.written += int64(len(g.Pix))
		g.Release()
		s.r.pos.Frame++
	}
	for s.r.pos.Sample < s.feed.pcm.end {
		s.r.pos.Sample += s.feed.nextSamples(s.r, s.buf)
	}
	s.feed.Forget(s.r.pos)
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	s := newSteady(small)
	for range 100 {
		s.frame()
	}
	made := s.p.Frames().Made()
	if n := testing.AllocsPerRun(1000, s.frame); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	if got := s.p.Frames().Made(); got != made || made > 3 {
		t.Errorf("%d buffers made, then %d", made, got)
	}
	if s.written != s.n*int64(small.FrameBytes()) {
		t.Errorf("%d bytes written for %d frames", s.written, s.n)
	}
}

func BenchmarkFrame(b *testing.B) {
	s := newSteady(Format{Width: 1280, Height: 720, FPS: 30, Video: true, Audio: true})
	s.frame()
	b.ReportAllocs()
	for b.Loop() {
		s.frame()
	}
}

// The encoder's real pipes: a Write that the reader does not take ends with the context.
func TestFeedUnblocksRealPipes(t *testing.T) {
	f := Format{Width: 640, Height: 480, FPS: 30, Video: true, Audio: true}
	s := newStation(f)
	vr, vw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer vr.Close()
	ar, aw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ar.Close()
	for range 60 {
		s.emit()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.feed.Serve(ctx, Point{}, vw, aw) }()
	if _, err := io.ReadFull(vr, make([]byte, f.FrameBytes())); err != nil { // it is writing
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Serve is still blocked")
	}
	for _, r := range []*os.File{vr, ar} { // both ends of the encoder see EOF
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatal(err)
		}
	}
}
