package outputs

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

var (
	// ErrInitChanged is wrapped by Hub.Run when a later encoder run begins with
	// another init segment than the first, or has other tracks than asked for.
	ErrInitChanged = errors.New("encoder output changed its format")
	// ErrRewound is wrapped by Hub.Run when it is told to begin before the end
	// of what is published.
	ErrRewound = errors.New("encoder run begins before the published end")
)

// defaultMemoryLimit holds a GOP of eight seconds at 30 Mb/s.
const defaultMemoryLimit = 32 << 20

// HubOptions say what the encoder is asked to make.
type HubOptions struct {
	Container          ffpipe.Container // "" = MP4
	FPS                int
	HasVideo, HasAudio bool
	MemoryLimit        int64 // bytes kept for late subscribers; 0 = 32 MiB
	Log                *slog.Logger
}

// Hub publishes the fragments of successive encoder runs as one stream to its
// subscribers. Run, and setting up subscribers, may go on at once; only one Run
// at a time is allowed.
type Hub struct {
	o HubOptions

	// published is called without the lock after each fragment with the new
	// End. Encoding sets it before the first Run.
	published func(programme.Point)

	mu      sync.Mutex
	running bool
	init    *Fragment
	format  format
	start   programme.Point
	total   programme.Point
	whole   bool // total is known: nothing more comes
	stats   HubStats

	// gop is what a late subscriber needs: the fragments from the last sync
	// point on. It is nil when they were more than the memory limit.
	gop      []*Fragment
	gopBytes int64

	subs   map[*Subscription]struct{}
	closed bool
	err    error
	done   chan struct{} // closed with the hub
}

// NewHub makes a hub. It owns no goroutine.
func NewHub(o HubOptions) *Hub {
	if o.Container == "" {
		o.Container = ffpipe.MP4
	}
	if o.MemoryLimit <= 0 {
		o.MemoryLimit = defaultMemoryLimit
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{o: o, format: newFormat(o), subs: make(map[*Subscription]struct{}), done: make(chan struct{})}
}

// Done closes when Close was called; what is queued can still be had.
func (h *Hub) Done() <-chan struct{} { return h.done }

// Run publishes one encoder run, whose input began at from (End, for a
// restart), until r ends. It returns nil at the end of r, also if that cuts a
// unit short: the partial one is dropped. Other errors are ErrMalformed,
// ErrInitChanged, ErrRewound, or what r returned; all of them end this run
// only.
func (h *Hub) Run(r io.Reader, from programme.Point) error {
	if err := h.begin(from); err != nil {
		return err
	}
	defer h.finish()
	in, started := h.format.reader(r), false
	for {
		u, err := in.next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read encoder output: %w", err)
		}
		switch {
		case u.init && started:
			return fmt.Errorf("%w: second init segment in one run", ErrMalformed)
		case u.init:
			started = true
			err = h.beginRun(u, from)
		case !started:
			err = fmt.Errorf("%w: fragment before the init segment", ErrMalformed)
		default:
			err = h.publish(u)
		}
		if err != nil {
			return err
		}
	}
}

// otherEncoder lets the runs from now on be of another encoder than those before, one that tells before each keyframe
// what a decoder has to know.
func (h *Hub) otherEncoder() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m, ok := h.format.(*movie); ok {
		m.inBand = true
	}
}

func (h *Hub) begin(from programme.Point) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running || h.closed {
		return errors.New("hub is closed or has a run already")
	}
	h.running = true
	if h.init == nil {
		h.start = from
	}
	return nil
}

func (h *Hub) finish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = false
}

// beginRun takes a run's beginning and finds where it goes on.
func (h *Hub) beginRun(u unit, from programme.Point) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.format.begin(u, from); err != nil {
		return err
	}
	h.o.Log.Debug("encoder run begins", "frame", from.Frame, "sample", from.Sample, "restart", h.init != nil)
	if h.o.HasVideo {
		h.stats.Missing = from.Frame - h.start.Frame - h.stats.Frames
	}
	if h.init == nil {
		h.init = &Fragment{Init: true, Data: u.data}
		h.stats.Bytes += int64(len(u.data))
		for s := range h.subs {
			s.push(h.init)
		}
	}
	return nil
}

// publish moves a fragment to the hub's timeline and hands it out.
func (h *Hub) publish(u unit) error {
	end, err := h.publishLocked(u)
	if err == nil && h.published != nil {
		h.published(end)
	}
	return err
}

func (h *Hub) publishLocked(u unit) (programme.Point, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, frames, err := h.format.place(u)
	if err != nil {
		return programme.Point{}, err
	}
	if f == nil { // nothing in it is new
		return h.end(), nil
	}
	h.stats.Fragments++
	h.stats.Frames += frames
	h.stats.Bytes += int64(len(f.Data))
	h.remember(f)
	for s := range h.subs {
		s.push(f)
	}
	return h.end(), nil
}

// remember keeps a fragment for late subscribers. Called locked.
func (h *Hub) remember(f *Fragment) {
	if f.Key {
		h.gop, h.gopBytes = append(make([]*Fragment, 0, 16), f), int64(len(f.Data))
	} else if h.gop != nil {
		h.gop, h.gopBytes = append(h.gop, f), h.gopBytes+int64(len(f.Data))
	}
	if h.gopBytes > h.o.MemoryLimit {
		h.gop, h.gopBytes = nil, 0
	}
}

// End is the exact end of what is published: the frame and the 48 kHz sample
// from which a restarted encoder must be fed. With an encoder that reorders
// frames, a few before Frame may be missing after a crash.
func (h *Hub) End() programme.Point {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.end()
}

func (h *Hub) end() programme.Point { // called locked
	if h.init == nil {
		return h.start
	}
	return h.format.end(h.start)
}

// Total is what the programme came to, once all of it is published.
func (h *Hub) Total() (total programme.Point, whole bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.total, h.whole
}

// finished tells that everything is published, and what that is. Encoding calls
// it before it closes the hub.
func (h *Hub) finished(total programme.Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.total, h.whole = total, true
}

// HubStats are counts since NewHub.
type HubStats struct {
	Fragments int64
	Frames    int64 // video frames published
	Missing   int64 // frames that a dead encoder's reordering kept from being shown
	Bytes     int64 // published, the init segment included
	Retained  int64 // bytes kept for late subscribers
}

// Stats returns the hub's counts.
func (h *Hub) Stats() HubStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	stats := h.stats
	stats.Retained = h.gopBytes
	return stats
}

// Close ends the stream: subscribers get what is queued, then err, or io.EOF if
// err is nil. A second Close does nothing.
func (h *Hub) Close(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed, h.err = true, err
	close(h.done)
	if err == nil {
		h.err = io.EOF
	}
	h.gop, h.gopBytes = nil, 0
	for s := range h.subs {
		s.signal()
	}
}
