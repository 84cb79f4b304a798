package outputs

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrOverflow is wrapped by Subscription.Next when a Lossless subscriber was
	// too slow. What was queued until then is delivered first.
	ErrOverflow = errors.New("output too slow")
	// ErrUnsubscribed is returned by Next after Close.
	ErrUnsubscribed = errors.New("subscription closed")
)

// Policy says what happens when a subscriber is slower than the encoder:
// Lossless or Live.
type Policy interface {
	queueLimit() (bytes int64, drop bool)
}

// Lossless fails the subscription when more than MaxBytes are queued (0 = 64
// MiB): a file with a hole in it must not look whole.
type Lossless struct{ MaxBytes int64 }

func (p Lossless) queueLimit() (int64, bool) { return orDefault(p.MaxBytes, 64<<20), false }

// Live drops everything queued and goes on at the next sync point when more
// than MaxBytes are queued (0 = 4 MiB): for outputs that are watched now.
type Live struct{ MaxBytes int64 }

func (p Live) queueLimit() (int64, bool) { return orDefault(p.MaxBytes, 4<<20), true }

func orDefault(v, d int64) int64 {
	if v <= 0 {
		return d
	}
	return v
}

// Subscription is one output's view of a hub: the init segment, then fragments
// from a sync point on. One goroutine may call Next; the others are free.
type Subscription struct {
	hub   *Hub
	name  string
	limit int64
	drop  bool
	wake  chan struct{} // one token: something changed

	// guarded by hub.mu
	queue   []*Fragment
	queued  int64
	seeking bool // waits for a sync point
	dropped int64
	err     error
}

// Subscribe adds a subscriber; name is for errors. It gets the init segment and
// the fragments since the last sync point at once, if they are still kept.
func (h *Hub) Subscribe(name string, p Policy) *Subscription {
	limit, drop := p.queueLimit()
	s := &Subscription{hub: h, name: name, limit: limit, drop: drop, seeking: true, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.subs[s] = struct{}{}
	}
	if h.init != nil {
		s.add(h.init)
	}
	if !drop || h.gopBytes <= limit {
		for _, f := range h.gop { // whatever its size: this is not slowness
			s.add(f)
		}
		s.seeking = len(h.gop) == 0
	}
	return s
}

// push queues a fragment or drops it by the policy. Called locked.
func (s *Subscription) push(f *Fragment) {
	if s.err != nil {
		return
	}
	if f.Init {
		s.add(f)
		return
	}
	if s.seeking {
		if !f.Key {
			if s.dropped > 0 {
				s.dropped++
			}
			return
		}
		s.seeking = false
	}
	if s.queued > 0 && s.queued+f.weight() > s.limit {
		if !s.drop {
			s.err = fmt.Errorf("%w: %s has %d bytes waiting", ErrOverflow, s.name, s.queued)
			s.signal()
			return
		}
		s.empty()
		if !f.Key {
			s.seeking = true
			s.dropped++
			return
		}
	}
	s.add(f)
}

// add queues a fragment. Called locked.
func (s *Subscription) add(f *Fragment) {
	s.queue = append(s.queue, f)
	s.queued += f.weight()
	s.signal()
}

// empty drops what is queued but the init segment. Called locked.
func (s *Subscription) empty() {
	kept := s.queue[:0]
	s.queued = 0
	for _, f := range s.queue {
		if f.Init {
			kept = append(kept, f)
			continue
		}
		s.dropped++
	}
	clear(s.queue[len(kept):])
	s.queue = kept
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Next returns the next fragment, waiting for it. After the last one it returns
// io.EOF or what the hub was closed with; ErrOverflow or ErrUnsubscribed if the
// subscription ended before; or the context's error.
func (s *Subscription) Next(ctx context.Context) (*Fragment, error) {
	for {
		if f, err := s.poll(); f != nil || err != nil {
			return f, err
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *Subscription) poll() (*Fragment, error) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	switch {
	case len(s.queue) > 0:
		f := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		s.queued -= f.weight()
		return f, nil
	case s.err != nil:
		return nil, s.err
	case s.hub.closed:
		return nil, s.hub.err
	}
	return nil, nil
}

// Close ends the subscription and drops what is queued. It may be called while
// Next waits, and again.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	delete(s.hub.subs, s)
	s.queue, s.queued = nil, 0
	if s.err == nil {
		s.err = ErrUnsubscribed
	}
	s.signal()
}

// Dropped is how many fragments a Live subscriber lost by being slow.
func (s *Subscription) Dropped() int64 {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.dropped
}
