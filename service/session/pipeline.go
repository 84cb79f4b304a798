package session

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
)

// drainWait bounds how long the encoder may take to write what it was given before the end. It is
// generous: an overloaded machine is slow, and only a frozen pipeline takes this long.
const drainWait = 30 * time.Second

// pipeline is programme → feed → encoder → hub → output of one egress.
type pipeline struct {
	programme *programme.Programme
	source    ProgrammeSource
	encoding  *outputs.Encoding
	output    outputs.Output
	log       *slog.Logger

	zero time.Time
	over chan struct{} // the encoder or the output has ended by itself
}

// pipelineOptions are what a pipeline is built from.
type pipelineOptions struct {
	Source  ProgrammeSource
	Format  programme.Format
	FFmpeg  string
	Encoder ffpipe.EncoderOptions
	// Patience is how long after its time a picture of the source may come.
	Patience time.Duration
	// NewOutput makes the output behind the hub.
	NewOutput func(*outputs.Hub) outputs.Output
	Log       *slog.Logger
}

// newPipeline builds the pipeline and starts its encoder and output, so that they are warm when the
// source begins. Nothing is on disk before the first fragment.
func newPipeline(ctx context.Context, o pipelineOptions) (*pipeline, error) {
	p := &pipeline{
		programme: programme.New(o.Format, programme.Options{Patience: o.Patience, Log: o.Log}),
		source:    o.Source, log: o.Log, over: make(chan struct{}),
	}
	feed := programme.NewFeed(o.Format, o.Log)
	hub := outputs.NewHub(outputs.HubOptions{
		Container: o.Encoder.Container, FPS: o.Format.FPS, HasVideo: o.Format.Video, HasAudio: o.Format.Audio, Log: o.Log,
	})
	p.encoding = &outputs.Encoding{FFmpeg: o.FFmpeg, Options: o.Encoder, Feed: feed, Hub: hub, Log: o.Log}
	p.output = o.NewOutput(hub)
	p.programme.Attach(feed)
	if err := p.output.Start(ctx); err != nil {
		return nil, err
	}
	if err := p.encoding.Start(ctx); err != nil {
		hub.Close(err)
		_, _ = p.output.Finish(ctx) // there is nothing to save
		return nil, err
	}
	go p.watch()
	return p, nil
}

// watch ends with the encoder, at the latest.
func (p *pipeline) watch() {
	select {
	case <-p.encoding.Done():
	case <-p.output.Done():
	}
	close(p.over)
}

func (p *pipeline) broken() <-chan struct{} { return p.over }

func (p *pipeline) failure() *ending {
	select {
	case <-p.encoding.Done():
		return failure(psrpc.NewErrorf(psrpc.Internal, "encoder: %w", p.encoding.Err()))
	default:
		return &ending{reason: ReasonFailure} // the output's Finish tells the error
	}
}

// begin starts the timeline.
func (p *pipeline) begin() (time.Time, error) {
	zero, err := p.source.Begin(p.programme)
	p.zero = zero
	return zero, err
}

func (p *pipeline) progress() Progress {
	frames, encoded := p.programme.Stats(), p.encoding.Stats()
	overload := p.encoding.Feed.Stats().Overload
	return Progress{
		Elapsed: p.elapsed(frames),
		Frames:  frames.Frames,
		Repeats: frames.Repeats + overload,
		Bytes:   p.encoding.Hub.Stats().Bytes,
		Encoder: encoded.Restarts,
	}
}

// elapsed is the media time so far.
func (p *pipeline) elapsed(s programme.Stats) time.Duration {
	f := p.programme.Format()
	if f.Video {
		return f.Timeline().FrameTime(s.Frames)
	}
	return f.Timeline().SampleTime(s.Samples)
}

// stop ends the programme at the instant end and, once it has taken in what belongs to it, the
// source's media.
func (p *pipeline) stop(end time.Time) {
	if p.zero.IsZero() {
		p.encoding.Kill() // nothing was recorded, so there is nothing to drain
	} else {
		p.programme.Stop(end)
		<-p.programme.Done()
	}
	p.source.End()
}

// drain waits until the output has everything; an encoder that does not finish is killed, which
// costs its last unwritten fragment and not the file.
func (p *pipeline) drain() (outputs.Result, error) {
	var frozen error
	t := time.NewTimer(drainWait)
	defer t.Stop()
	select {
	case <-p.encoding.Done():
	case <-t.C:
		frozen = psrpc.NewErrorf(psrpc.Internal, "pipeline frozen")
		p.encoding.Kill()
		<-p.encoding.Done()
	}
	// Finishing has no deadline of its own: copying a long file takes what the disk takes.
	res, err := p.output.Finish(context.Background())
	if frozen != nil {
		err = errors.Join(frozen, err)
	}
	return res, err
}
