package ffpipe

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	videoPipe  = 1 << 20 // bytes: fewer wake-ups for megabyte frames
	audioPipe  = 0       // the system's 64 KiB are a third of a second
	outputPipe = 1 << 20 // slack for a reader that is late
)

// Encoder is one run of the encoder child with its pipes. It ends cleanly when
// both Video and Audio are closed and Output is read to its end; then, and
// after every failure, Close must be called.
type Encoder struct {
	proc         *Proc
	video, audio *os.File
	output       *os.File
	progress     *os.File
	latest       atomic.Pointer[Progress]
	read         chan struct{} // closed when the progress pipe is at its end
	closeOnce    sync.Once
}

// StartEncoder starts ffmpegPath on o. Options that [EncoderOptions.Validate]
// refuses, and what the system refuses, come back as errors; what ffmpeg finds
// wrong later is in Proc().Err().
func StartEncoder(ffmpegPath string, o EncoderOptions, log *slog.Logger) (*Encoder, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	e := &Encoder{read: make(chan struct{})}
	c := Command{Name: "encoder", Path: ffmpegPath, Log: log}
	// Until Start has the child's ends, giving up closes them here.
	giveUp := func(err error) (*Encoder, error) {
		c.closeFiles()
		e.closePipes()
		return nil, fmt.Errorf("start encoder: %w", err)
	}

	fd := 3
	videoFD, audioFD := 0, 0
	for _, in := range []struct {
		on   bool
		size int
		end  **os.File
		fd   *int
	}{{o.Video, videoPipe, &e.video, &videoFD}, {o.Audio, audioPipe, &e.audio, &audioFD}} {
		if !in.on {
			continue
		}
		r, w, err := Pipe(in.size)
		if err != nil {
			return giveUp(err)
		}
		c.Extra = append(c.Extra, r)
		*in.end, *in.fd = w, fd
		fd++
	}
	progress, progressChild, err := Pipe(0)
	if err != nil {
		return giveUp(err)
	}
	c.Extra = append(c.Extra, progressChild)
	e.progress = progress
	if e.output, c.Stdout, err = Pipe(outputPipe); err != nil {
		return giveUp(err)
	}
	c.Args = o.Args(videoFD, audioFD, fd)
	c.Stop = StopLadder{CloseInput: e.closeInputs, Interrupt: true}

	if e.proc, err = Start(c); err != nil {
		e.closePipes()
		return nil, err
	}
	go func() {
		defer close(e.read)
		// A progress pipe that breaks says nothing that the exit will not.
		_ = ReadProgress(e.progress, func(p Progress) { e.latest.Store(&p) })
	}()
	return e, nil
}

// Video is where raw I420 frames go, nil when video is off. Whoever writes
// closes it.
func (e *Encoder) Video() *os.File { return e.video }

// Audio is where s16le 48 kHz stereo goes, nil when audio is off. Whoever
// writes closes it.
func (e *Encoder) Audio() *os.File { return e.audio }

// Output is the media in its container. It must be read all the time, or the encoder
// stops taking frames.
func (e *Encoder) Output() *os.File { return e.output }

// Proc is the child.
func (e *Encoder) Proc() *Proc { return e.proc }

// Progress is what ffmpeg reported last, about twice a second.
func (e *Encoder) Progress() Progress {
	if p := e.latest.Load(); p != nil {
		return *p
	}
	return Progress{}
}

// Stop ends the child by its ladder: inputs closed, SIGINT, SIGKILL. Output
// must be read meanwhile, and what is in its pipe can still be read after.
func (e *Encoder) Stop(ctx context.Context) error { return e.proc.Stop(ctx) }

// Close kills the child if it still runs, waits until it and the progress
// reader are gone and closes every descriptor, so Output must have been read
// before. It returns how the child ended.
func (e *Encoder) Close() error {
	e.closeOnce.Do(func() {
		select {
		case <-e.proc.Done():
		default:
			e.proc.Kill()
			<-e.proc.Done()
		}
		// Unblocks the reader even if a stray process holds the other end.
		_ = e.progress.SetReadDeadline(time.Now().Add(drainWait))
		<-e.read
		e.closePipes()
	})
	return e.proc.Err()
}

func (e *Encoder) closeInputs() {
	for _, f := range []*os.File{e.video, e.audio} {
		if f != nil {
			_ = f.Close()
		}
	}
}

func (e *Encoder) closePipes() {
	e.closeInputs()
	for _, f := range []*os.File{e.output, e.progress} {
		if f != nil {
			_ = f.Close()
		}
	}
}
