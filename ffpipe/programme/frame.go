package programme

import "sync/atomic"

// Frame is one I420 picture, shared by reference count: whoever wants to keep it calls Retain, and every owner calls
// Release once. A frame with more than one owner must not be written to.
type Frame struct {
	Pix  []byte // Y, U, V planes without padding
	refs atomic.Int32
	pool *FramePool
}

// Retain adds an owner and returns the frame.
func (f *Frame) Retain() *Frame {
	if f.refs.Add(1) <= 1 {
		panic("programme: frame retained after its release")
	}
	return f
}

// Release gives the caller's ownership up. The last one returns the buffer to its pool. Releasing more often than
// owning would hand one buffer to two pictures, so that it panics as a negative WaitGroup does.
func (f *Frame) Release() {
	switch n := f.refs.Add(-1); {
	case n == 0:
		f.pool.put(f)
	case n < 0:
		panic("programme: frame released twice")
	}
}
