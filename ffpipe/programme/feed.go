package programme

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	// Pictures wait for a reader that is late: a second of them at most, and no more than queueBytes unless those are
	// fewer than queueLeast. An encoder spends most of the first second on getting its memory, and machines stand still
	// for a few hundred milliseconds; neither costs a picture.
	queueBytes = 64 << 20
	queueLeast = 6
	// retainLimit bounds the sound kept for an encoder, and how far one may fall behind.
	retainLimit = 30 * time.Second
)

var (
	// ErrStalled is Serve's error when the reader has fallen 30 s behind: the encoder has to be replaced.
	ErrStalled = errors.New("feed: reader stalled")
	// ErrServing is Serve's error when another Serve is running.
	ErrServing = errors.New("feed: already serving")
)

// Feed is the encoder's consumer: bounded queues between the programme, which never waits, and two raw pipes. It
// outlives encoders: while none is served it keeps the newest pictures and the sound since Forget, and the next one is
// served from any point. Memory is bounded by 64 MB or six pictures, and by 30 s of sound.
type Feed struct {
	format Format
	line   Timeline
	log    *slog.Logger

	mu      sync.Mutex
	changed *sync.Cond // something to write, or a reason to stop
	frames  frameQueue
	pcm     pcmRing
	forget  int64
	fresh   int64 // slot of the newest picture queued
	ended   bool
	total   Point
	run     *serving // nil while nobody is served
	stats   FeedStats
}

var (
	_ Consumer = (*Feed)(nil)
	_ burdened = (*Feed)(nil)
)

// FeedStats are a feed's counters since it was made.
type FeedStats struct {
	Frames         int64 // slots taken from the programme
	Samples        int64 // samples taken from the programme
	Written        Point // how far the present or last Serve has written
	Still          int64 // slots with the very picture of the slot before, whatever the reason
	Overload       int64 // slots that lost their picture because the reader lagged
	HoleFrames     int64 // slots written with another slot's picture after a restart
	HoleSamples    int64 // samples written as silence because they were not retained any more
	LagFrames      int64 // slots taken and not written, while serving
	MaxLagFrames   int64
	QueueFrames    int   // pictures queued, each counted once
	RetainedPCM    int64 // samples retained
	Serves, Stalls int64
}

// NewFeed makes an empty feed; a nil log discards.
func NewFeed(f Format, log *slog.Logger) *Feed {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	feed := &Feed{format: f, line: f.Timeline(), log: log}
	feed.frames.depth = queueDepth(f)
	feed.changed = sync.NewCond(&feed.mu)
	return feed
}

// queueDepth is how many pictures may wait.
func queueDepth(f Format) int {
	return max(min(queueBytes/max(f.FrameBytes(), 1), f.FPS), queueLeast)
}

// spacing is how many slots one picture stands for when so many are not written yet. Up to half the queue each slot has
// its own; then ever more repeat the one before, which an encoder gets through quickly, so that the picture slows down
// by degrees and does not stop and jump.
func spacing(lag, depth int64) int64 {
	return 1 + max(0, lag-depth/2)*8/depth
}

// VideoFrame queues slot n's picture, or while the reader lags one more slot of the newest one.
func (f *Feed) VideoFrame(n int64, frame *Frame, _ bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := &f.frames
	var lag int64
	if r := f.run; r != nil && r.video {
		lag = max(0, q.next-r.pos.Frame)
		if lag > r.lag.Frame+f.line.FrameAt(retainLimit) {
			f.stall(r)
		}
	}
	again := false
	if q.tail != nil && frame != q.tail {
		if again = f.run != nil && (q.full() || n-f.fresh < spacing(lag, int64(q.depth))); again {
			f.stats.Overload++
		} else {
			f.fresh = n
		}
	}
	if again || frame == q.tail {
		f.stats.Still++
	}
	f.stats.MaxLagFrames = max(f.stats.MaxLagFrames, lag)
	q.push(n, frame, again)
	f.changed.Broadcast()
}

// Behind tells that pictures have to wait for the reader: so many that with a few more it would lose some.
func (f *Feed) Behind() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.run != nil && f.run.video && f.frames.next-f.run.pos.Frame > int64(f.frames.depth/4)
}

// AudioBlock retains the block's sound.
func (f *Feed) AudioBlock(at int64, pcm []int16) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pcm.append(at, pcm)
	f.trim()
	if r := f.run; r != nil && r.audio {
		lost := r.caughtUp && r.pos.Sample < f.pcm.start
		if lost || f.pcm.end-r.pos.Sample > r.lag.Sample+f.line.SampleAt(retainLimit) {
			f.stall(r)
		}
	}
	f.changed.Broadcast()
}

// End lets a Serve finish when it has written everything.
func (f *Feed) End(frames, samples int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended, f.total = true, Point{frames, samples}
	f.changed.Broadcast()
}

// Total is what the programme came to; zero before End.
func (f *Feed) Total() Point {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}

// Forget tells that no encoder will be served from before that point, so that its sound need not be retained.
func (f *Feed) Forget(before Point) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget = max(f.forget, before.Sample)
	f.trim()
}

// trim forgets the sound that is not needed, and what is more than may be retained. Called locked.
func (f *Feed) trim() {
	keep := f.forget
	if f.run != nil {
		keep = min(keep, f.run.pos.Sample)
	}
	f.pcm.trim(max(keep, f.pcm.end-f.line.SampleAt(retainLimit)))
}

// stall is called locked.
func (f *Feed) stall(r *serving) {
	if r.err == nil {
		f.stats.Stalls++
		f.log.Warn("feed stalled", "frame", r.pos.Frame, "sample", r.pos.Sample)
	}
	r.fail(ErrStalled)
}

// Stats are the counters as of now.
func (f *Feed) Stats() FeedStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.Frames, s.Samples = f.frames.next, f.pcm.end
	s.QueueFrames, s.RetainedPCM = len(f.frames.runs), f.pcm.end-f.pcm.start
	if f.run != nil {
		s.Written = f.run.pos
		s.LagFrames = max(0, f.frames.next-f.run.pos.Frame)
	}
	return s
}
