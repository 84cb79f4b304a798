package screen

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// MIT-SHM 1.1 and DAMAGE 1.1, requests and levels.
const (
	opShmAttach     = 1
	opShmGetImage   = 4
	opDamageVersion = 0
	opDamageCreate  = 1
	damageRaw       = 0 // an event for each drawing
	zPixmap         = 2
)

// maxAsked bounds the questions that a server leaves open, a picture among them.
const maxAsked = 8

var errClosed = errors.New("the display has closed the connection")

// Options say what to read.
type Options struct {
	Display       int
	Cookie        []byte // of MIT-MAGIC-COOKIE-1
	Width, Height int    // of the picture, at the screen's top left corner; both even

	// Changed gets every change of the screen from one goroutine. It must not
	// block.
	Changed func(Change)
}

// Change is a rectangle of the screen that was drawn on.
type Change struct {
	At                  time.Time // when it was heard of, some 0.1 ms after the drawing
	X, Y, Width, Height int
}

// Screen reads an X display. Its methods may be called from any goroutine, but
// Grab from one only, and not at or after Close.
type Screen struct {
	o       Options
	wire    *wire
	segment *segment
	layout  layout
	stride  int
	root    uint32
	seg     uint32        // the server's name of the segment
	shm     byte          // request code
	damage  byte          // event code
	replies chan struct{} // to Grab
	heard   atomic.Int64  // messages
	done    chan struct{}
	err     error // written before done is closed

	asking sync.Mutex // over what is written and its place in asked
	asked  chan bool  // requests that will be replied to: of a picture or not

	mu    sync.Mutex
	dirty rows // drawn on and not read yet
}

// Open connects to a display and has everything ready for the first Grab. What
// the display cannot do is an error: depths other than 24 need a true colour
// visual.
func Open(o Options) (*Screen, error) {
	w, found, err := dial(o.Display, o.Cookie)
	if err != nil {
		return nil, err
	}
	s := &Screen{
		o: o, wire: w, root: found.root, stride: found.stride(o.Width), dirty: rows{0, o.Height},
		replies: make(chan struct{}, 1), done: make(chan struct{}), asked: make(chan bool, maxAsked),
	}
	if err := s.open(&found); err != nil {
		_ = w.conn.Close()
		return nil, fmt.Errorf("read display: %w", err)
	}
	_ = w.conn.SetDeadline(time.Time{})
	go s.read()
	return s, nil
}

func (s *Screen) open(found *setup) (err error) {
	if s.o.Width > found.width || s.o.Height > found.height {
		return fmt.Errorf("%dx%d is more than the screen's %dx%d", s.o.Width, s.o.Height, found.width, found.height)
	}
	if s.layout, err = newLayout(found, s.o.Width); err != nil {
		return err
	}
	var damage byte
	if s.shm, _, err = s.wire.extension("MIT-SHM"); err != nil {
		return err
	}
	if damage, s.damage, err = s.wire.extension("DAMAGE"); err != nil {
		return err
	}
	if s.segment, err = newSegment(s.stride * s.o.Height); err != nil {
		return err
	}
	s.seg = s.wire.id()
	err = s.wire.request(s.shm, opShmAttach, s.seg, uint32(s.segment.id), 0)
	if err == nil {
		err = s.wire.sync()
	}
	if err == nil {
		// Without the version asked for, the others are refused.
		err = s.wire.request(damage, opDamageVersion, 1, 1)
	}
	if err == nil {
		_, err = s.wire.reply()
	}
	if err == nil {
		err = s.wire.request(damage, opDamageCreate, s.wire.id(), s.root, damageRaw)
	}
	if err == nil {
		err = s.wire.sync()
	}
	if err != nil {
		_ = s.segment.close()
	}
	return err
}

// read takes everything the server sends.
func (s *Screen) read() {
	defer close(s.done)
	var m [messageSize]byte
	for {
		if err := s.wire.read(&m); err != nil {
			s.err = fmt.Errorf("read display: %w", err)
			if errors.Is(err, io.EOF) {
				s.err = errClosed
			}
			return
		}
		s.heard.Add(1)
		switch m[0] &^ 0x80 {
		case kindReply:
			if <-s.asked {
				s.replies <- struct{}{}
			}
		case s.damage:
			s.note(Change{
				At: time.Now(),
				X:  int(int16(order.Uint16(m[16:]))), Y: int(int16(order.Uint16(m[18:]))),
				Width: int(order.Uint16(m[20:])), Height: int(order.Uint16(m[22:])),
			})
		}
	}
}

func (s *Screen) note(c Change) {
	s.mu.Lock()
	s.dirty = s.dirty.with(rows{c.Y, c.Y + c.Height}.within(s.o.Height))
	s.mu.Unlock()
	if s.o.Changed != nil {
		s.o.Changed(c)
	}
}

// Changed tells whether the screen was drawn on since the last Grab.
func (s *Screen) Changed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.dirty.empty()
}

// Grab writes the screen's picture as it is now to dst: I420, BT.709, limited
// range. previous is the picture of the Grab before, of which only the rows
// that were drawn on since are made anew; nil is for the first. changed tells
// whether the picture is another one than previous.
func (s *Screen) Grab(dst, previous []byte) (changed bool, err error) {
	s.mu.Lock()
	todo := s.dirty
	s.dirty = rows{}
	s.mu.Unlock()
	if previous == nil {
		todo = rows{0, s.o.Height}
	}
	todo = todo.even()
	if !todo.empty() {
		if err := s.fetch(todo); err != nil {
			return false, err
		}
	}
	return picture{dst, s.o.Width, s.o.Height}.update(previous, s.segment.mem, s.stride, &s.layout, todo), nil
}

// fetch has the server write some rows to the segment.
func (s *Screen) fetch(todo rows) error {
	s.asking.Lock()
	s.asked <- true
	err := s.wire.request(s.shm, opShmGetImage, s.root,
		uint32(todo.from)<<16, uint32(todo.to-todo.from)<<16|uint32(s.o.Width), 0xffffffff,
		zPixmap, s.seg, uint32(todo.from*s.stride))
	s.asking.Unlock()
	if err != nil {
		return fmt.Errorf("read display: %w", err)
	}
	select {
	case <-s.replies:
		return nil
	case <-s.done:
		return s.err
	}
}

// Ask has the server say something, unless it was asked and has not answered
// yet, and gives the number of its messages so far: one that does not grow is
// of a server that stands still. It never waits for the answer.
func (s *Screen) Ask() int64 {
	s.asking.Lock()
	defer s.asking.Unlock()
	if len(s.asked) < maxAsked-1 {
		s.asked <- false
		_ = s.wire.request(opGetInputFocus, 0) // an error is told by Done
	}
	return s.heard.Load()
}

// Done closes when the display is lost, or after Close; Err tells why.
func (s *Screen) Done() <-chan struct{} { return s.done }

// Err is why Done is closed.
func (s *Screen) Err() error { return s.err }

// Disconnect ends the connection, as the loss of the server does.
func (s *Screen) Disconnect() { _ = s.wire.conn.Close() }

// Close ends the connection and gives the memory back.
func (s *Screen) Close() error {
	s.Disconnect()
	<-s.done
	return s.segment.close()
}
