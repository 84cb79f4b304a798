package ffpipe

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// Decoder is one run of a decoder child with its pipes. It ends cleanly when
// Input is closed and Output is read to its end; then, and after every failure,
// Close must be called.
type Decoder struct {
	proc      *Proc
	input     *os.File
	output    *os.File
	closeOnce sync.Once
}

// StartDecoder starts ffmpegPath on o. What ffmpeg finds wrong with the media
// is in Proc().Err(), if it ends it.
func StartDecoder(ffmpegPath string, o DecoderOptions, log *slog.Logger) (*Decoder, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	d := &Decoder{}
	c := Command{Name: "decoder", Path: ffmpegPath, Args: o.Args(), Log: log}
	var err error
	if c.Stdin, d.input, err = Pipe(videoPipe); err != nil {
		return nil, fmt.Errorf("start decoder: %w", err)
	}
	if d.output, c.Stdout, err = Pipe(videoPipe); err != nil {
		c.closeFiles()
		d.closePipes()
		return nil, fmt.Errorf("start decoder: %w", err)
	}
	c.Stop = StopLadder{CloseInput: func() { _ = d.input.Close() }, Interrupt: true}
	if d.proc, err = Start(c); err != nil {
		d.closePipes()
		return nil, err
	}
	return d, nil
}

// Input is where the media goes. Whoever writes closes it.
func (d *Decoder) Input() *os.File { return d.input }

// Output is NUT. It must be read all the time, or the decoder stops.
func (d *Decoder) Output() *os.File { return d.output }

// Proc is the child.
func (d *Decoder) Proc() *Proc { return d.proc }

// Stop ends the child by its ladder: input closed, SIGINT, SIGKILL. Output must
// be read meanwhile.
func (d *Decoder) Stop(ctx context.Context) error { return d.proc.Stop(ctx) }

// Close kills the child if it still runs, waits until it is gone and closes
// every descriptor. It returns how the child ended.
func (d *Decoder) Close() error {
	d.closeOnce.Do(func() {
		select {
		case <-d.proc.Done():
		default:
			d.proc.Kill()
			<-d.proc.Done()
		}
		d.closePipes()
	})
	return d.proc.Err()
}

func (d *Decoder) closePipes() {
	for _, f := range []*os.File{d.input, d.output} {
		if f != nil {
			_ = f.Close()
		}
	}
}
