package outputs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"

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
	parsed  []track // as the init segment has them
	tracks  []hubTrack
	start   programme.Point
	seq     uint32
	stats   HubStats

	// gop is what a late subscriber needs: the fragments from the last sync
	// point on. It is nil when they were more than the memory limit.
	gop      []*Fragment
	gopBytes int64

	subs   map[*Subscription]struct{}
	closed bool
	err    error
}

// hubTrack is a track with its ends in media ticks of the published timeline.
type hubTrack struct {
	track
	offset  int64 // added to the present run's times
	decoded int64 // end in decoding order
	shown   int64 // end of the last sample to be shown
}

// NewHub makes a hub. It owns no goroutine.
func NewHub(o HubOptions) *Hub {
	if o.MemoryLimit <= 0 {
		o.MemoryLimit = defaultMemoryLimit
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{o: o, subs: make(map[*Subscription]struct{})}
}

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
	in, started := newBoxReader(r), false
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

// beginRun takes a run's init segment and finds where its tracks go on.
func (h *Hub) beginRun(u unit, from programme.Point) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.init == nil {
		parsed, err := parseMoov(u.head)
		if err != nil {
			return err
		}
		var video, audio bool
		tracks := make([]hubTrack, len(parsed))
		for i, t := range parsed {
			tracks[i].track = t
			video, audio = video || t.video, audio || !t.video
		}
		if video != h.o.HasVideo || audio != h.o.HasAudio || video && h.o.FPS <= 0 {
			return fmt.Errorf("%w: video %t, audio %t", ErrInitChanged, video, audio)
		}
		h.parsed, h.tracks = parsed, tracks
	} else if !bytes.Equal(h.init.Data, u.data) {
		return fmt.Errorf("%w: init segment of %d bytes differs from the first", ErrInitChanged, len(u.data))
	}
	tracks := slices.Clone(h.tracks)
	for i := range tracks {
		if err := tracks[i].rebase(from, h.o.FPS); err != nil {
			return err
		}
	}
	h.tracks = tracks
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

// rebase finds what has to be added to the times of a run that begins at from.
// The run's own time zero is where its first input is shown, less the track's
// shift; both cancel out, so that the offset is from itself in media ticks.
func (t *hubTrack) rebase(from programme.Point, fps int) error {
	at, per := from.Sample, int64(programme.SampleRate)
	if t.video {
		at, per = from.Frame, int64(fps)
	}
	if at < 0 || at >= maxTicks {
		return fmt.Errorf("%w: %d", ErrRewound, at)
	}
	offset := rescale(at, t.timescale, per)
	published := max(t.decoded, t.shown)
	// A point is whole frames or samples: half of one may be lost in rounding.
	if offset < published && published-offset <= t.timescale/per+1 {
		offset = published
	}
	if offset < published {
		return fmt.Errorf("%w: %d instead of %d ticks", ErrRewound, offset, published)
	}
	t.offset, t.decoded, t.shown = offset, offset, offset
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
	trafs, sequence, err := parseMoof(u.head, h.parsed)
	if err != nil {
		return programme.Point{}, err
	}
	f := &Fragment{Data: u.data}
	frames := int64(0)
	tracks := slices.Clone(h.tracks) // so that a bad fragment changes nothing
	for i := range trafs {
		for j := range tracks {
			if tracks[j].id != trafs[i].id {
				continue
			}
			if err := h.place(&tracks[j], &trafs[i], f); err != nil {
				return programme.Point{}, err
			}
			if tracks[j].video {
				frames += trafs[i].samples
			}
		}
	}
	h.tracks = tracks
	h.seq++
	binary.BigEndian.PutUint32(sequence, h.seq)
	h.stats.Fragments++
	h.stats.Frames += frames
	h.stats.Bytes += int64(len(f.Data))
	h.remember(f)
	for s := range h.subs {
		s.push(f)
	}
	return h.end(), nil
}

// place moves one track's part of a fragment. Called locked.
func (h *Hub) place(t *hubTrack, tf *traf, f *Fragment) error {
	if err := tf.setBase(tf.base + t.offset); err != nil {
		return err
	}
	if tf.base < t.decoded {
		return fmt.Errorf("%w: track %d goes back from %d to %d", ErrMalformed, t.id, t.decoded, tf.base)
	}
	if tf.base+tf.duration >= maxTicks || tf.presentation >= maxTicks {
		return fmt.Errorf("%w: track %d too long", ErrMalformed, t.id)
	}
	t.decoded = tf.base + tf.duration
	if t.video {
		t.shown = max(t.shown, tf.base+tf.presentation-t.shift)
		f.VideoStart = rescale(tf.base, int64(h.o.FPS), t.timescale)
		f.VideoEnd = rescale(t.decoded, int64(h.o.FPS), t.timescale)
		f.Key = tf.key
		return nil
	}
	t.shown = t.decoded
	f.AudioStart = max(0, rescale(tf.base-t.shift, programme.SampleRate, t.timescale))
	f.AudioEnd = max(0, rescale(t.decoded-t.shift, programme.SampleRate, t.timescale))
	f.Key = f.Key || !h.o.HasVideo
	return nil
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
	end := h.start
	for i := range h.tracks {
		t := &h.tracks[i]
		if t.video {
			end.Frame = rescale(max(t.decoded, t.shown), int64(h.o.FPS), t.timescale)
		} else {
			end.Sample = rescale(t.decoded, programme.SampleRate, t.timescale)
		}
	}
	return end
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
	if err == nil {
		h.err = io.EOF
	}
	h.gop, h.gopBytes = nil, 0
	for s := range h.subs {
		s.signal()
	}
}
