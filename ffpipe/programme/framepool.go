package programme

import "sync"

// maxFree bounds the buffers a pool keeps for later. A programme in steady state has fewer in use: some in the feed,
// one shown, one being read.
const maxFree = 8

// FramePool recycles picture buffers of one size. It is safe for concurrent use.
type FramePool struct {
	bytes int
	mu    sync.Mutex
	free  []*Frame
	inUse int
	made  int64
}

// NewFramePool makes an empty pool of buffers of that many bytes.
func NewFramePool(bytes int) *FramePool {
	return &FramePool{bytes: bytes, free: make([]*Frame, 0, maxFree)}
}

// Get returns a frame that the caller owns, with undefined content. It never blocks: without a free buffer it makes one.
func (p *FramePool) Get() *Frame {
	p.mu.Lock()
	p.inUse++
	var f *Frame
	if n := len(p.free); n > 0 {
		f = p.free[n-1]
		p.free[n-1] = nil
		p.free = p.free[:n-1]
	} else {
		p.made++
	}
	p.mu.Unlock()
	if f == nil {
		f = &Frame{Pix: make([]byte, p.bytes), pool: p}
	}
	f.Pix = f.Pix[:p.bytes]
	f.refs.Store(1)
	return f
}

func (p *FramePool) put(f *Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inUse--
	if len(p.free) < maxFree {
		p.free = append(p.free, f)
	}
}

// InUse is the number of buffers that have an owner now.
func (p *FramePool) InUse() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inUse
}

// Made is the number of buffers allocated so far; in steady state it stands still.
func (p *FramePool) Made() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}
