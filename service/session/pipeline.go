package session

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
)

// drainWait bounds how long the encoder may take to write what it was given before the end. It is
// generous: an overloaded machine is slow, and only a frozen pipeline takes this long.
const drainWait = 30 * time.Second

// pipeline is programme → feed → encoder → hub → outputs of one egress. Some outputs take from the
// programme itself; when all do, there is no encoder.
type pipeline struct {
	programme *programme.Programme
	source    ProgrammeSource
	encoding  *outputs.Encoding // nil when nothing is encoded
	log       *slog.Logger

	zero     time.Time
	over     chan struct{} // closed when the encoder, or an output that is no spare, has ended by itself
	overOnce sync.Once
	finished chan struct{} // closed when the outlets are about to be finished

	drainWait time.Duration

	mu  sync.Mutex
	all []*outlet
}

// pipelineOptions are what a pipeline is built from.
type pipelineOptions struct {
	Source  ProgrammeSource
	Format  programme.Format
	FFmpeg  string
	Encode  bool // whether any output takes what is encoded
	Encoder ffpipe.EncoderOptions
	// Patience is how long after its time a picture of the source may come.
	Patience time.Duration
	// Drain bounds the encoder's end; 0 = drainWait.
	Drain time.Duration
	// Outlets makes the outputs behind the hub, which is nil when nothing is encoded, and the programme.
	Outlets func(*outputs.Hub, *programme.Programme) []*outlet
	Log     *slog.Logger
}

// newPipeline builds the pipeline and starts its encoder and outputs, so that they are warm when the
// source begins. Nothing is on disk before the first fragment.
func newPipeline(ctx context.Context, o pipelineOptions) (*pipeline, error) {
	p := &pipeline{
		programme: programme.New(o.Format, programme.Options{Patience: o.Patience, Log: o.Log}),
		source:    o.Source, log: o.Log, drainWait: cmp.Or(o.Drain, drainWait), over: make(chan struct{}), finished: make(chan struct{}),
	}
	var hub *outputs.Hub
	if o.Encode {
		feed := programme.NewFeed(o.Format, o.Log)
		hub = outputs.NewHub(outputs.HubOptions{
			Container: o.Encoder.Container, FPS: o.Format.FPS, HasVideo: o.Format.Video, HasAudio: o.Format.Audio, Log: o.Log,
		})
		p.encoding = &outputs.Encoding{FFmpeg: o.FFmpeg, Options: o.Encoder, Feed: feed, Hub: hub, Log: o.Log}
		p.programme.Attach(feed)
	}
	for _, out := range o.Outlets(hub, p.programme) {
		if err := p.add(ctx, out); err != nil {
			return nil, p.abandon(ctx, err)
		}
	}
	if p.encoding != nil {
		if err := p.encoding.Start(ctx); err != nil {
			return nil, p.abandon(ctx, err)
		}
		go p.watch(p.encoding.Done(), p.breaks)
	}
	return p, nil
}

// add starts one more output, also while the programme runs.
func (p *pipeline) add(ctx context.Context, out *outlet) error {
	if err := out.output.Start(ctx); err != nil {
		return err
	}
	if !p.zero.IsZero() {
		out.output.Begin(p.zero)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, out)
	if !out.spare {
		go p.watch(out.output.Done(), p.breaks)
	}
	return nil
}

// watch tells the end of a part, unless all are ended.
func (p *pipeline) watch(done <-chan struct{}, tell func()) {
	select {
	case <-done:
		tell()
	case <-p.finished:
	}
}

func (p *pipeline) breaks() { p.overOnce.Do(func() { close(p.over) }) }

// abandon ends the outputs of a pipeline that could not be started: there is nothing to save.
func (p *pipeline) abandon(ctx context.Context, err error) error {
	if p.encoding != nil {
		p.encoding.Hub.Close(err)
	}
	p.finish(ctx)
	return err
}

func (p *pipeline) outlets() []*outlet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all)
}

func (p *pipeline) broken() <-chan struct{} { return p.over }

func (p *pipeline) failure() *ending {
	if p.encoding != nil {
		if err := p.encoding.Err(); err != nil {
			return failure(psrpc.NewErrorf(psrpc.Internal, "encoder: %w", err))
		}
	}
	return &ending{reason: ReasonFailure} // the output's Finish tells the error
}

// begin starts the timeline.
func (p *pipeline) begin() (time.Time, error) {
	zero, err := p.source.Begin(p.programme)
	p.zero = zero
	if err != nil {
		return zero, err
	}
	for _, out := range p.outlets() {
		out.output.Begin(zero)
	}
	return zero, nil
}

func (p *pipeline) progress() Progress {
	frames, fed, st := p.programme.Stats(), p.fed(), p.encoded()
	now := Progress{
		Elapsed: p.elapsed(frames), Frames: frames.Frames, Repeats: frames.Repeats + fed.Overload, Encoder: st.Restarts,
		Overload: fed.Overload, Holes: st.HoleFrames, MaxHold: frames.MaxHold, Speed: st.Progress.Speed,
		Paused: p.programme.Pauses().Now,
	}
	if p.encoding != nil {
		now.Bytes = p.encoding.Hub.Stats().Bytes
		return now
	}
	for _, out := range p.outlets() {
		now.Bytes += out.output.Progress().Size
	}
	return now
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
func (p *pipeline) cut(end time.Time) {
	if !p.zero.IsZero() {
		p.programme.Stop(end)
	}
}

func (p *pipeline) stop() {
	switch {
	case !p.zero.IsZero():
		<-p.programme.Done()
	case p.encoding != nil:
		p.encoding.Kill() // nothing was recorded, so there is nothing to drain
	}
	p.source.End()
}

// drain waits until the outputs have everything and are finished; an encoder that does not finish is
// killed, which costs its last unwritten fragment and no file.
func (p *pipeline) drain() error {
	err := p.drainEncoder()
	// Finishing has no deadline of its own: copying a long file takes what the disk takes.
	p.finish(context.Background())
	return err
}

func (p *pipeline) discard() {
	for _, out := range p.outlets() {
		out.discard()
	}
}

func (p *pipeline) drainEncoder() error {
	if p.encoding == nil {
		return nil
	}
	t := time.NewTimer(p.drainWait)
	defer t.Stop()
	select {
	case <-p.encoding.Done():
		return nil
	case <-t.C:
	}
	p.encoding.Kill()
	<-p.encoding.Done()
	return psrpc.NewErrorf(psrpc.Internal, "pipeline frozen")
}

// finish finishes all outlets, beside each other.
func (p *pipeline) finish(ctx context.Context) {
	close(p.finished)
	var all sync.WaitGroup
	for _, out := range p.outlets() {
		all.Go(func() { out.finish(ctx, p.log) })
	}
	all.Wait()
}
