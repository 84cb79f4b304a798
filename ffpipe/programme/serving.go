package programme

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// serveSamples is the most that one write of sound carries: 100 ms.
const serveSamples = SampleRate / 10

// serving is one run of Feed.Serve. All but failed is guarded by the feed's mutex.
type serving struct {
	video, audio bool
	pos          Point // written so far
	lag          Point // how far behind this run began
	caughtUp     bool  // the sound has reached what is retained
	err          error
	failed       chan struct{} // closed with err
}

// fail ends the run with its first error. Called locked; the caller broadcasts.
func (r *serving) fail(err error) {
	if r.err == nil {
		r.err = err
		close(r.failed)
	}
}

// Serve writes raw pictures to video and raw s16le to audio from a point on, each from a goroutine of its own (the
// reader takes from both, and one full pipe must not starve the other), until the end of the programme (nil), the end
// of ctx, a failed write, or 30 s behind ([ErrStalled]). It closes both writers in every case, which must end a Write
// that is blocked, as closing a pipe's *os.File does. A writer that the format has no use for is nil.
//
// Slots before the oldest queued picture are written as copies of it; sound comes from what is retained, and is silent
// where that begins later. After an error the feed goes on queueing for the next Serve; two at a time are refused.
func (f *Feed) Serve(ctx context.Context, from Point, video, audio io.WriteCloser) error {
	closeAll := func() {
		for _, w := range []io.WriteCloser{video, audio} {
			if w != nil {
				unblock(w)
			}
		}
	}
	r := &serving{video: f.format.Video, audio: f.format.Audio, pos: from, failed: make(chan struct{})}
	if r.video && video == nil || r.audio && audio == nil {
		closeAll()
		return errors.New("feed: a writer is missing")
	}
	f.mu.Lock()
	if f.run != nil {
		f.mu.Unlock()
		closeAll()
		return ErrServing
	}
	r.lag.Frame = max(0, f.frames.next-from.Frame)
	r.lag.Sample = max(0, f.pcm.end-from.Sample)
	f.run = r
	f.stats.Serves++
	f.mu.Unlock()

	done := make(chan struct{}, 2)
	running := 0
	write := func(kind string, w io.WriteCloser, drain func(*serving, io.Writer) error) {
		running++
		go func() {
			defer func() { done <- struct{}{} }()
			err := drain(r, w)
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				f.failRun(r, fmt.Errorf("feed: write %s: %w", kind, err))
			}
		}()
	}
	if r.video {
		write("video", video, f.writeVideo)
	}
	if r.audio {
		write("audio", audio, f.writeAudio)
	}
	cancelled, failed := ctx.Done(), (<-chan struct{})(r.failed)
	for running > 0 {
		select {
		case <-done:
			running--
		case <-cancelled:
			cancelled = nil
			f.failRun(r, ctx.Err())
		case <-failed:
			failed = nil
			closeAll()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.err != nil {
		closeAll()
	}
	f.run = nil
	f.stats.Written = r.pos
	return r.err
}

func (f *Feed) failRun(r *serving, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.fail(err)
	f.changed.Broadcast()
}

// writeVideo returns nil when the programme has ended or the run has failed.
func (f *Feed) writeVideo(r *serving, w io.Writer) error {
	for {
		frame := f.nextFrame(r)
		if frame == nil {
			return nil
		}
		_, err := w.Write(frame.Pix)
		frame.Release()
		if err != nil {
			return err
		}
		f.mu.Lock()
		r.pos.Frame++
		f.mu.Unlock()
	}
}

// nextFrame waits for the picture to write and adds an owner to it; nil when there is no more.
func (f *Feed) nextFrame(r *serving) *Frame {
	f.mu.Lock()
	defer f.mu.Unlock()
	for r.err == nil {
		if r.pos.Frame < f.frames.next {
			frame, hole := f.frames.at(r.pos.Frame)
			if hole {
				f.stats.HoleFrames++
			}
			return frame
		}
		if f.ended {
			return nil
		}
		f.changed.Wait()
	}
	return nil
}

// writeAudio returns nil when the programme has ended or the run has failed.
func (f *Feed) writeAudio(r *serving, w io.Writer) error {
	buf := make([]byte, serveSamples*pcmBytes)
	for {
		n := f.nextSamples(r, buf)
		if n == 0 {
			return nil
		}
		if _, err := w.Write(buf[:n*pcmBytes]); err != nil {
			return err
		}
		f.mu.Lock()
		r.pos.Sample += n
		f.mu.Unlock()
	}
}

// nextSamples waits for sound and copies it; 0 when there is no more.
func (f *Feed) nextSamples(r *serving, buf []byte) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	for r.err == nil {
		at := r.pos.Sample
		switch {
		case at < f.pcm.start:
			n := min(int64(len(buf)/pcmBytes), f.pcm.start-at)
			clear(buf[:n*pcmBytes])
			f.stats.HoleSamples += n
			return n
		case at < f.pcm.end:
			r.caughtUp = true
			return f.pcm.read(at, buf)
		case f.ended:
			return 0
		}
		f.changed.Wait()
	}
	return 0
}

// unblock closes w; a writer with deadlines is woken first, in case its Close waits for the Write.
func unblock(w io.WriteCloser) {
	if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = d.SetWriteDeadline(time.Unix(1, 0)) // not all have one; Close decides
	}
	_ = w.Close() // closed twice is fine, and the run's error is told already
}
