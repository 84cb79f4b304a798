package rtpfeed

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what a Room is joined with.
type Options struct {
	URL string // ws:// or wss://
	// Token is asked for each time that the room is joined.
	Token func() (string, error)
	Want  Want
	// Sink makes where a track goes, once for a track and all that replace it. It is called from the room's goroutine.
	// Its error ends the recording.
	Sink func(Track, Channel, Keyframer) (Sink, error)
	// Grace is for how long what vanished without leaving may come back, and the room be joined again.
	Grace time.Duration
	// Wait is how long a gap in a track's packets is waited for: jitter_buffer_latency.
	Wait time.Duration
	// KeyframeEvery is how far apart keyframes are at most; 0 = as the publisher likes.
	KeyframeEvery time.Duration
	// Width and Height are the output's: the simulcast layer that it needs is asked for. 0 = the largest.
	Width, Height uint32
	Log           *slog.Logger // nil discards
}

// Room is a room that was joined to be recorded. It is left with Close.
type Room struct {
	o    Options
	log  *slog.Logger
	mail *mailbox

	ready chan struct{} // everything is there that is waited for
	done  chan struct{}
	err   error // before done

	life     context.Context // ends when the room is left
	end      context.CancelFunc
	joining  sync.WaitGroup
	rejoined chan *connection // nil: it could not be joined again
	pleas    atomic.Int64

	// Owned by the goroutine.
	current *connection // nil while there is none
	roster  roster
	dropped map[string]bool // tracks that can not be read and need not be
	told    bool            // ready is closed
	over    bool
}

// Join joins and waits until what is wanted is there and subscribed to. The error is a *NotFoundError, *FieldError,
// *CodecError, ErrEncrypted, the Sink's, or why the room could not be joined.
func Join(ctx context.Context, o Options) (*Room, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Room{
		o: o, log: o.Log, mail: newMailbox(), dropped: map[string]bool{},
		ready: make(chan struct{}), done: make(chan struct{}), rejoined: make(chan *connection, 1),
		roster: roster{want: o.Want, grace: o.Grace},
	}
	r.life, r.end = context.WithCancel(context.Background())
	c, err := r.join(ctx)
	if err != nil {
		r.end()
		return nil, err
	}
	r.current, r.roster.joined = c, time.Now()
	go r.run()
	select {
	case <-r.ready:
		return r, nil
	case <-r.done:
		if r.err == nil {
			return nil, ErrConnection // it was closed before anything came
		}
		return nil, r.err
	case <-ctx.Done():
		r.Close()
		return nil, ctx.Err()
	}
}

// Done is closed when the recording has ended by itself, or after Close; every sink is closed by then.
func (r *Room) Done() <-chan struct{} { return r.done }

// Err is why Done was closed: nil for a normal end, ErrEvicted, ErrConnection, or what failed.
func (r *Room) Err() error {
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

// Keyframes is how many keyframes publishers were asked for.
func (r *Room) Keyframes() int64 { return r.pleas.Load() }

// Close closes every sink and leaves the room. It may be called more than once.
func (r *Room) Close() {
	r.mail.post(func() { r.finish(nil) })
	<-r.done
}

// finish ends the recording; the first reason counts.
func (r *Room) finish(err error) {
	if !r.over {
		r.over, r.err = true, err
	}
}

func (r *Room) run() {
	defer close(r.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.mail.signal:
		case <-timer.C:
		case c := <-r.rejoined:
			r.adopt(c)
		}
		r.turn()
		if r.over {
			r.leave()
			return
		}
		timer.Reset(r.roster.next(time.Now()))
	}
}

// turn does what was posted, and what follows from it.
func (r *Room) turn() {
	defer func() {
		if v := recover(); v != nil {
			r.log.Error("panic in room", "panic", v, "stack", string(debug.Stack()))
			r.finish(fmt.Errorf("internal error: %v", v))
		}
	}()
	for _, fn := range r.mail.take() {
		fn()
	}
	if r.over {
		return
	}
	v, err := r.reconcile(time.Now())
	if err != nil {
		r.finish(err)
		return
	}
	ended, over, err := r.roster.settle(v, time.Now())
	for _, s := range ended {
		r.log.Debug("track has ended", "track", s.pub.SID)
		s.feed.stop()
	}
	if err != nil || over {
		r.finish(err)
		return
	}
	if r.roster.ready && !r.told {
		r.told = true
		close(r.ready)
	}
}

// reconcile subscribes to what is wanted and there.
func (r *Room) reconcile(now time.Time) (v view, err error) {
	if r.current == nil || r.roster.away { // nothing is known, and nothing can be asked for
		return v, nil
	}
	pubs, sdk, sids := r.current.publications()
	v.sids = sids
	for i, p := range pubs {
		want, err := r.roster.wants(p)
		if err != nil {
			return v, err
		}
		if !want || r.dropped[p.SID] {
			continue
		}
		s := r.roster.slotOf(p)
		if s != nil && s.state == live && s.pub.SID == p.SID {
			continue
		}
		if ok, err := r.readable(p); err != nil {
			return v, err
		} else if !ok {
			continue
		}
		if s == nil {
			v.pending++
		}
		if err := r.current.subscribe(sdk[i], r.o.Width, r.o.Height, now); err != nil {
			r.log.Warn("subscription could not be asked for", "track", p.SID, "error", err)
		}
	}
	return v, nil
}

// readable finds out early that a track is of no use. The error is that nothing can be recorded without it.
func (r *Room) readable(p Publication) (bool, error) {
	if p.MIME == "" || strings.EqualFold(p.MIME, "audio/red") {
		return true, nil // the SFU gives the Opus that is in it to who does not know RED
	}
	_, err := ParseCodec(p.MIME)
	if err == nil {
		return true, nil
	}
	if r.roster.required(p) {
		return false, &CodecError{err}
	}
	r.log.Warn("track is left out", "track", p.SID, "error", err)
	r.dropped[p.SID] = true
	return false, nil
}
