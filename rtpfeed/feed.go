package rtpfeed

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

// stream is the packets of a subscribed track.
type stream interface {
	// Read gives one RTP packet. Its error is os.ErrDeadlineExceeded or net.Error's Timeout after the deadline, and
	// final otherwise.
	Read(b []byte) (int, error)
	SetReadDeadline(time.Time) error
	// RequestKeyframe sends a PLI.
	RequestKeyframe()
}

// attachment is a track with its packets.
type attachment struct {
	id    int // told when it is vacant
	track Track
	in    stream
}

const (
	// pliEvery is how often a keyframe is asked for until it comes.
	pliEvery = 500 * time.Millisecond
	// idle is how long a feed waits for a packet before it looks whether anything else is to be done.
	idle = 200 * time.Millisecond
	// maxPacket is more than any path over the Internet lets through.
	maxPacket = 2048
)

// feed is the goroutine that reads one track, and what replaces it, into one sink.
type feed struct {
	sink  Sink
	wait  time.Duration // for what a gap lacks
	every time.Duration // between keyframes at most; 0 = as the publisher likes
	// vacant is called when a stream was left, from the feed's goroutine.
	vacant func(id int)
	// failed is called when the sink panicked.
	failed func(error)
	log    *slog.Logger
	pleas  *atomic.Int64 // counts keyframes asked for; nil = nobody does

	attach   chan attachment
	commands chan func()
	quit     chan struct{}
	done     chan struct{}
	once     sync.Once

	mu    sync.Mutex
	in    stream // that is read; nil while there is none
	asked bool   // the sink wants a keyframe

	// Owned by the goroutine.
	track   Track
	muted   bool
	opened  bool // a keyframe has come since the stream began
	needKey bool
	lastKey time.Time
	lastPLI time.Time
}

func newFeed() *feed {
	return &feed{
		attach: make(chan attachment, 1), commands: make(chan func(), 16),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
}

// start begins to read a.
func (f *feed) start(a attachment) { go f.run(a) }

// replace goes on with another stream, once the one before has ended.
func (f *feed) replace(a attachment) {
	select {
	case f.attach <- a:
	case <-f.done:
	}
	f.wake()
}

// do has the goroutine call fn.
func (f *feed) do(fn func()) {
	select {
	case f.commands <- fn:
		f.wake()
	case <-f.done:
	}
}

// stop ends the feed and closes its sink.
func (f *feed) stop() {
	f.once.Do(func() { close(f.quit) })
	f.wake()
}

// wake makes the goroutine look up from reading.
func (f *feed) wake() {
	f.mu.Lock()
	in := f.in
	f.mu.Unlock()
	if in != nil {
		_ = in.SetReadDeadline(time.Now())
	}
}

// RequestKeyframe is for the sink's owner.
func (f *feed) RequestKeyframe() {
	f.mu.Lock()
	f.asked = true
	f.mu.Unlock()
	f.wake()
}

func (f *feed) run(a attachment) {
	defer close(f.done)
	defer f.guard()
	defer f.sink.Close()
	if a.track.Muted {
		f.muted = true
		f.sink.Muted(true, time.Now())
	}
	for {
		f.read(a)
		for open := false; !open; {
			select {
			case a = <-f.attach:
				f.sink.Replaced(a.track)
				f.muted = a.track.Muted
				open = true
			case fn := <-f.commands:
				fn()
			case <-f.quit:
				return
			}
		}
	}
}

// guard keeps a panic of one sink from ending the process.
func (f *feed) guard() {
	if r := recover(); r != nil {
		f.log.Error("panic in track", "track", f.track.SID, "panic", r, "stack", string(debug.Stack()))
		f.failed(fmt.Errorf("internal error: %v", r))
	}
}

// read hands over what the stream gives, until it ends, another takes its place, or the feed is stopped.
func (f *feed) read(a attachment) {
	f.mu.Lock()
	f.in = a.in
	f.mu.Unlock()
	f.track = a.track
	video := a.track.Codec.Video()
	f.opened, f.needKey, f.lastKey, f.lastPLI = !video, video, time.Time{}, time.Time{}
	order, frames := reorder{wait: f.wait}, newAssembler(a.track.Codec)
	defer func() {
		f.mu.Lock()
		f.in = nil
		f.mu.Unlock()
		f.pop(&order, frames, time.Now().Add(f.wait+time.Hour)) // nothing more will come
		if v, ok := f.sink.(vacancy); ok {
			v.Vacant(time.Now())
		}
		if f.vacant != nil {
			f.vacant(a.id)
		}
	}()
	buf := make([]byte, maxPacket)
	var armed time.Time
	for {
		if f.serve() {
			return
		}
		now := time.Now()
		if due := f.due(&order, now); due.Before(armed) || !armed.After(now) {
			if err := a.in.SetReadDeadline(due); err != nil {
				return
			}
			armed = due
		}
		n, err := a.in.Read(buf)
		now = time.Now()
		switch {
		case timeout(err):
			armed = time.Time{}
		case err != nil:
			return
		default:
			if p, ok := parse(buf[:n], now); ok {
				order.push(p)
			}
		}
		f.pop(&order, frames, now)
		f.plead(a.in, now)
	}
}

// serve does what was asked for meanwhile, and tells whether to leave the stream.
func (f *feed) serve() bool {
	for {
		select {
		case fn := <-f.commands:
			fn()
		case <-f.quit:
			return true
		default:
			// A new stream means that nothing more comes of this one.
			return len(f.attach) > 0
		}
	}
}

// due is when there is something to do even if no packet comes.
func (f *feed) due(order *reorder, now time.Time) time.Time {
	due := now.Add(idle)
	if at, ok := order.deadline(); ok && at.Before(due) {
		due = at
	}
	if at := f.lastPLI.Add(pliEvery); f.needKey && !f.muted && at.Before(due) {
		due = at
	}
	return due
}

func (f *feed) pop(order *reorder, frames *assembler, now time.Time) {
	for {
		p, lost, ok := order.pop(now)
		if !ok {
			return
		}
		if lost > 0 && frames.of != nil {
			f.needKey = true
		}
		frames.add(p, lost, f.emit)
	}
}

// emit hands a unit over; of a picture nothing before the first keyframe.
func (f *feed) emit(u Unit) {
	if f.track.Codec.Video() {
		switch {
		case u.Keyframe:
			f.opened, f.needKey, f.lastKey = true, false, u.Arrived
		case u.Lost > 0:
			f.needKey = true
		}
		if !f.opened {
			return
		}
	}
	f.sink.Unit(u)
}

// plead asks for a keyframe where one is needed.
func (f *feed) plead(in stream, now time.Time) {
	if !f.track.Codec.Video() || f.muted || now.Sub(f.lastPLI) < pliEvery {
		return
	}
	f.mu.Lock()
	want := f.asked
	f.asked = false
	f.mu.Unlock()
	want = want || f.needKey
	// One PLI may be lost, and a publisher takes some time.
	want = want || f.every > 0 && f.opened && now.Sub(f.lastKey) > f.every-2*pliEvery
	if want {
		f.lastPLI = now
		in.RequestKeyframe()
		if f.pleas != nil {
			f.pleas.Add(1)
		}
	}
}

// mute tells what signalling says.
func (f *feed) mute(muted bool, at time.Time) {
	f.do(func() {
		if f.muted != muted {
			f.muted = muted
			f.sink.Muted(muted, at)
		}
	})
}

func parse(raw []byte, now time.Time) (packet, bool) {
	var p rtp.Packet
	if err := p.Unmarshal(raw); err != nil {
		return packet{}, false
	}
	return packet{
		sequence: p.SequenceNumber, timestamp: p.Timestamp, marker: p.Marker, arrived: now,
		payload: append(make([]byte, 0, len(p.Payload)), p.Payload...),
	}, true
}

func timeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
