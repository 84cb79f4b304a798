package programme

// VideoSlot is where a source puts its pictures. It is safe for concurrent use.
type VideoSlot struct {
	p *Programme

	// All guarded by p.mu.
	queue  []queued // sorted by slot, none before next
	limit  int
	next   int64 // slot to emit next
	held   *Frame
	heldAt int64
	fresh  bool // held was not emitted yet
	closed bool
	stood  int64 // slots in a row with one picture
	stats  struct{ repeats, late, dropped, maxHold int64 }
}

type queued struct {
	slot  int64
	frame *Frame
}

func newVideoSlot(p *Programme) *VideoSlot {
	// Half a second: a decoder may be that far ahead of the clock, and memory stays bounded when one is further.
	limit := min(max(p.format.FPS/2, 8), 30)
	return &VideoSlot{p: p, queue: make([]queued, 0, limit), limit: limit, heldAt: -1 << 62}
}

// Put gives the picture of a slot to the programme, which owns it from then on. A picture for a slot that was emitted
// already becomes the one that is repeated, and counts as late; a negative slot is before zero and sets the picture to
// begin with. A picture ahead of the clock waits for its time. When more wait than the queue holds (half a second), the
// oldest is shown early; one more than a second ahead is dropped.
func (v *VideoSlot) Put(slot int64, f *Frame) {
	p := v.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.format.Video || v.closed || p.ended || len(f.Pix) != p.frameBytes {
		v.drop(f)
		return
	}
	if slot < v.next {
		if slot >= 0 {
			v.stats.late++
		}
		v.hold(slot, f)
		return
	}
	if slot-v.next >= int64(2*v.limit) {
		v.drop(f)
		return
	}
	i := len(v.queue)
	for i > 0 && v.queue[i-1].slot > slot {
		i--
	}
	if i > 0 && v.queue[i-1].slot == slot {
		v.drop(v.queue[i-1].frame)
		v.queue[i-1].frame = f
		return
	}
	if len(v.queue) == v.limit {
		if i == 0 {
			v.drop(f)
			return
		}
		v.hold(v.pop())
		i--
	}
	v.queue = append(v.queue, queued{})
	copy(v.queue[i+1:], v.queue[i:])
	v.queue[i] = queued{slot, f}
	p.wakeUp()
}

// Close tells that no picture will come any more, so that none is waited for. What was put before is still shown.
func (v *VideoSlot) Close() {
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	v.closed = true
	v.p.wakeUp()
}

// take advances by one slot and returns its picture, nil before the first. Called locked.
func (v *VideoSlot) take() (n int64, f *Frame, fresh bool) {
	n = v.next
	v.next++
	if len(v.queue) > 0 && v.queue[0].slot <= n {
		v.hold(v.pop())
	}
	fresh, v.fresh = v.fresh, false
	if fresh {
		v.stood = 0
	} else {
		v.stats.repeats++
	}
	v.stood++
	v.stats.maxHold = max(v.stats.maxHold, v.stood)
	return n, v.held, fresh
}

// hold makes f the last good picture unless it is older than that. Called locked.
func (v *VideoSlot) hold(slot int64, f *Frame) {
	if slot < v.heldAt {
		v.drop(f)
		return
	}
	if v.held != nil {
		if v.fresh {
			v.stats.dropped++
		}
		v.held.Release()
	}
	v.held, v.heldAt, v.fresh = f, slot, true
}

// called locked
func (v *VideoSlot) pop() (slot int64, f *Frame) {
	first := v.queue[0]
	n := copy(v.queue, v.queue[1:])
	v.queue[n] = queued{}
	v.queue = v.queue[:n]
	return first.slot, first.frame
}

// called locked
func (v *VideoSlot) drop(f *Frame) {
	v.stats.dropped++
	f.Release()
}

// clear gives all pictures back. Called locked.
func (v *VideoSlot) clear() {
	for len(v.queue) > 0 {
		_, f := v.pop()
		v.drop(f)
	}
	if v.held != nil {
		v.held.Release()
		v.held = nil
	}
}
