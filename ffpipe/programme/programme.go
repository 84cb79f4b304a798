package programme

import (
	"log/slog"
	"sync"
	"time"
)

// Options are a programme's waits. Zero values are replaced by the defaults.
type Options struct {
	// Patience is how long after a slot's time its picture is waited for before the last one is repeated; 3 frame
	// periods.
	Patience time.Duration
	// AudioPatience is how long after a block's end an open line is waited for before it counts as silent; 500 ms.
	AudioPatience time.Duration
	Log           *slog.Logger // nil discards
}

// Programme emits one constant-rate sequence of pictures and samples to its consumers; see the package comment. It is
// made by New, runs from Start to Done, and is safe for concurrent use.
type Programme struct {
	format        Format
	line          Timeline
	frameBytes    int
	patience      time.Duration
	audioPatience time.Duration
	log           *slog.Logger
	pool          *FramePool
	wake          chan struct{}
	done          chan struct{}

	mu        sync.Mutex
	video     *VideoSlot
	mixer     mixer
	consumers []Consumer // copied on write
	zero      time.Time
	delay     delay
	started   bool
	stopping  bool
	ended     bool
	total     Point // when stopping: what the sources' timeline comes to; when ended: the consumers'
	pauses    pauses

	slateFrame *Frame // nil until the first pause
}

// New makes a programme that stands still until Start.
func New(f Format, o Options) *Programme {
	if o.Patience <= 0 {
		o.Patience = f.Timeline().FrameTime(3)
	}
	if o.AudioPatience <= 0 {
		o.AudioPatience = 500 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	f.Video = f.Video && f.FPS > 0
	p := &Programme{
		format: f, line: f.Timeline(), frameBytes: f.FrameBytes(),
		patience: o.Patience, audioPatience: o.AudioPatience, log: o.Log,
		pool: NewFramePool(f.FrameBytes()),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	p.pauses = pauses{line: p.line, video: f.Video}
	p.mixer.ahead = p.line.SampleAt(o.AudioPatience + lineAhead)
	p.video = newVideoSlot(p)
	return p
}

// Format is what the programme was made for.
func (p *Programme) Format() Format { return p.format }

// Frames is the pool that sources take buffers of the programme's picture size from.
func (p *Programme) Frames() *FramePool { return p.pool }

// Video is the one picture slot.
func (p *Programme) Video() *VideoSlot { return p.video }

// AddAudio opens a line. Until it is closed its sound is waited for, so that a line is opened when its source is
// about to deliver.
func (p *Programme) AddAudio() *AudioLine {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := &AudioLine{p: p}
	p.mixer.lines = append(p.mixer.lines, l)
	p.wakeUp()
	return l
}

// Attach adds a consumer, before Start or later; a late one begins with the slot and block emitted next. After the end
// it is only told the totals, in the caller's goroutine.
func (p *Programme) Attach(c Consumer) {
	p.mu.Lock()
	if ended, total := p.ended, p.total; ended {
		p.mu.Unlock()
		c.End(total.Frame, total.Sample)
		return
	}
	p.consumers = append(p.consumers[:len(p.consumers):len(p.consumers)], c)
	p.mu.Unlock()
}

// Start sets the timeline's zero and begins to emit. zero carries a monotonic reading (it is made from time.Now) and
// may be a little in the past or future. Only the first call counts, and none after Stop.
func (p *Programme) Start(zero time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started {
		return
	}
	p.zero, p.started = zero, true
	go p.run()
}

// Stop ends the programme at a moment on the timeline. Slots and samples before it that have not come yet are waited
// for no longer than usual, then repeated or silent; then consumers are told the totals and Done closes. What was
// emitted already stays: an end before that is moved, so that both kinds end together within one frame. Only the first
// call counts.
func (p *Programme) Stop(end time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return
	}
	p.stopping = true
	if !p.started {
		p.started = true
		go p.run()
		return
	}
	d := max(end.Sub(p.zero), 0)
	if p.video.next > 0 {
		d = max(d, p.line.FrameTime(p.video.next-1))
	}
	d = max(d, p.line.SampleTime(p.mixer.next))
	if p.format.Video {
		p.total.Frame = max(p.line.FrameAt(d), p.video.next)
	}
	if p.format.Audio {
		p.total.Sample = p.line.SampleAt(d)
	}
	p.delay.ease(time.Since(p.zero), 0)
	p.log.Debug("programme stops", "frames", p.total.Frame, "samples", p.total.Sample)
	p.wakeUp()
}

// Done closes when all consumers were told the end.
func (p *Programme) Done() <-chan struct{} { return p.done }

// Stats are the counters as of now.
func (p *Programme) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, m := p.video, &p.mixer
	shown := p.shown(p.emitted())
	return Stats{
		Frames: shown.Frame, Repeats: v.stats.repeats, Late: v.stats.late, Dropped: v.stats.dropped, Queue: len(v.queue),
		MaxHold: p.line.FrameTime(v.stats.maxHold),
		Samples: shown.Sample, SilentSamples: m.silent, LateSamples: m.late, AheadSamples: m.over, Lines: len(m.lines),
	}
}

// wakeUp makes the goroutine look again. It never blocks.
func (p *Programme) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
