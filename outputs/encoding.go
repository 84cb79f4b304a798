package outputs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

var (
	// ErrEncoderLost is wrapped by Encoding.Err when the encoder died three
	// times within a minute; the last reason is wrapped too.
	ErrEncoderLost = errors.New("encoder keeps dying")
	// ErrKilled is Encoding.Err after Kill.
	ErrKilled = errors.New("encoding killed")
)

// Encoding owns the encoder child of one programme: it feeds it from Feed,
// publishes what it makes on Hub, and replaces it when it dies, so that the
// stream goes on where it was cut. It ends when the feed's programme has ended
// and everything is encoded (the hub is closed with nil), or with an error (the
// hub is closed with that).
type Encoding struct {
	FFmpeg  string // executable
	Options ffpipe.EncoderOptions
	Feed    *programme.Feed
	Hub     *Hub
	Log     *slog.Logger // nil discards

	// StallTimeout is how long an encoder with input may give no output; 0 = 10
	// s, or longer at frame rates so low that its look-ahead alone takes that.
	StallTimeout time.Duration

	cancel context.CancelCauseFunc
	done   chan struct{}
	err    error // written before done is closed

	mu       sync.Mutex
	current  *ffpipe.Encoder
	restarts int
	fellBack error
	cpu      time.Duration
}

// EncodingStats are counts since Start.
type EncodingStats struct {
	Restarts      int
	HoleFrames    int64           // slots after restarts that show another slot's picture
	HoleSamples   int64           // samples after restarts that are silent
	MissingFrames int64           // frames that died inside an encoder, see HubStats.Missing
	Progress      ffpipe.Progress // of the present encoder
	PID           int             // of the present encoder, 0 while there is none
	CPU           time.Duration   // user and system time of ended encoders
	// FellBack is why x264 encodes and not the device of the options; nil as long as that works.
	FellBack error
}

// Start starts the first encoder. Its error is that the child could not be
// started at all. The end of ctx kills the encoder and ends the encoding.
func (e *Encoding) Start(ctx context.Context) error {
	if e.Log == nil {
		e.Log = slog.New(slog.DiscardHandler)
	}
	e.Hub.published = e.Feed.Forget
	first, err := ffpipe.StartEncoder(e.FFmpeg, e.Options, e.Log)
	if err != nil {
		return err
	}
	e.done = make(chan struct{})
	ctx, e.cancel = context.WithCancelCause(ctx)
	e.setCurrent(first)
	go func() {
		defer close(e.done)
		defer e.cancel(nil)
		if e.err = e.run(ctx, first); e.err == nil {
			e.Hub.finished(e.Feed.Total())
		}
		e.Hub.Close(e.err)
	}()
	return nil
}

// Done closes when the encoding has ended and no child is left.
func (e *Encoding) Done() <-chan struct{} { return e.done }

// Err is why the encoding ended, nil for the programme's end. It is nil before
// Done closes.
func (e *Encoding) Err() error {
	select {
	case <-e.done:
		return e.err
	default:
		return nil
	}
}

// Kill ends the encoding at once, without a restart and without encoding what
// is still queued. Fragments published so far stay valid.
func (e *Encoding) Kill() {
	if e.cancel != nil {
		e.cancel(ErrKilled)
	}
}

// Stats returns the encoding's counts.
func (e *Encoding) Stats() EncodingStats {
	feed, hub := e.Feed.Stats(), e.Hub.Stats()
	e.mu.Lock()
	defer e.mu.Unlock()
	s := EncodingStats{Restarts: e.restarts, HoleFrames: feed.HoleFrames, HoleSamples: feed.HoleSamples, MissingFrames: hub.Missing, CPU: e.cpu, FellBack: e.fellBack}
	if e.current != nil {
		s.Progress, s.PID = e.current.Progress(), e.current.Proc().PID()
	}
	return s
}

func (e *Encoding) setCurrent(c *ffpipe.Encoder) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.current = c
}

// run replaces encoders until one comes to the programme's end.
func (e *Encoding) run(ctx context.Context, encoder *ffpipe.Encoder) error {
	var recent deaths
	options := e.Options
	for {
		err := error(nil)
		from := e.Hub.End()
		if encoder == nil {
			encoder, err = ffpipe.StartEncoder(e.FFmpeg, options, e.Log)
		}
		if err == nil {
			e.setCurrent(encoder)
			err = e.once(ctx, encoder, from)
			e.setCurrent(nil)
			user, system := encoder.Proc().Usage()
			e.mu.Lock()
			e.cpu += user + system
			e.mu.Unlock()
			encoder = nil
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		device := options.Device
		switch {
		case device.Hardware() && options.Video:
			// Whatever it died of: a device that is gone has many ways to say so, and x264 can go on after all of them.
			options = options.Fallback()
			e.Hub.otherEncoder()
		case recent.tooMany(time.Now()):
			return fmt.Errorf("%w: %w", ErrEncoderLost, err)
		}
		at := e.Hub.End()
		e.Log.Warn("encoder died, starting another", "err", err, "encoder", device.String(), "next", options.Device.String(), "frame", at.Frame, "sample", at.Sample)
		e.mu.Lock()
		e.restarts++
		if device != options.Device {
			e.fellBack = fmt.Errorf("%s: %w", device, err)
		}
		e.mu.Unlock()
	}
}

// once is the life of one encoder. It returns when the child is gone and all it
// wrote is published.
func (e *Encoding) once(ctx context.Context, encoder *ffpipe.Encoder, from programme.Point) error {
	proc := encoder.Proc()
	feeding, stopFeeding := context.WithCancel(ctx)
	defer stopFeeding()
	served, published := make(chan error, 1), make(chan error, 1)
	go func() { served <- e.serve(feeding, encoder, from) }()
	go func() { published <- e.Hub.Run(encoder.Output(), from) }()

	watch := newStallWatch(e.StallTimeout, e.Options.FPS, time.Now())
	tick := time.NewTicker(watch.timeout / 10)
	defer tick.Stop()
	gone, cancelled := proc.Done(), ctx.Done()
	var serveErr, reason error // reason is why we killed it
	serving, reading := true, true
	kill := func(why error) {
		if reason == nil {
			reason = why
		}
		proc.Kill()
	}
	for serving || reading || gone != nil {
		select {
		case serveErr = <-served:
			serving = false
			// A broken pipe is the child's death, which tells more. Should it
			// have closed its input only, the stall watch sees to it.
			if errors.Is(serveErr, programme.ErrStalled) || errors.Is(serveErr, programme.ErrServing) {
				kill(serveErr)
			}
		case err := <-published:
			reading = false
			if err != nil {
				kill(err)
			}
		case <-gone:
			gone = nil
			stopFeeding()
		case <-cancelled:
			cancelled = nil
			kill(context.Cause(ctx))
		case <-tick.C:
			out := output{e.Hub.Stats().Bytes, encoder.Progress().Frame}
			if gone != nil && watch.stalled(time.Now(), out, e.Feed.Stats(), !serving) {
				kill(fmt.Errorf("%w for %s", errSilent, watch.timeout))
			}
		}
	}
	exit := encoder.Close()
	switch {
	case reason != nil:
		return reason
	case exit != nil:
		return exit
	case serveErr != nil:
		return fmt.Errorf("encoder ended before its input: %w", serveErr)
	}
	return nil
}

// serve hands the feed only the pipes that there are: a nil *os.File in an
// interface is not nil.
func (e *Encoding) serve(ctx context.Context, encoder *ffpipe.Encoder, from programme.Point) error {
	switch {
	case encoder.Audio() == nil:
		return e.Feed.Serve(ctx, from, encoder.Video(), nil)
	case encoder.Video() == nil:
		return e.Feed.Serve(ctx, from, nil, encoder.Audio())
	}
	return e.Feed.Serve(ctx, from, encoder.Video(), encoder.Audio())
}
