package browser

import (
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// take is one capture's reading of the screen.
type take struct {
	grab  *grab
	video *programme.VideoSlot
	pool  *programme.FramePool
	zero  time.Duration // of the timeline, since the grab's epoch
	end   func()
	stop  chan struct{} // closed by end
	ended chan struct{} // after the last use of the screen

	shift  time.Duration // of the readings against the slots
	last   *programme.Frame
	counts struct{ pictures, unchanged, skipped, moves int64 }
}

func newTake(g *grab, p *programme.Programme, zero time.Duration) *take {
	t := &take{
		grab: g, video: p.Video(), pool: p.Frames(), zero: zero,
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
	t.end = sync.OnceFunc(func() { close(t.stop) })
	return t
}

// run takes pictures until it is stopped or the display is lost, once the
// capture before has ended.
func (t *take) run(before *take) {
	defer close(t.ended)
	if before != nil {
		before.end()
		<-before.ended
	}
	defer t.finish()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var thought time.Duration
	for slot := int64(0); ; slot++ {
		timer.Reset(t.due(slot) - t.now())
		select {
		case <-timer.C:
		case <-t.stop:
			return
		case <-t.grab.screen.Done():
			return
		}
		now := t.now()
		if newest := t.grab.line.FrameAt(now - t.zero - t.shift); newest > slot {
			// The slots in between get the picture before, from the programme.
			t.counts.skipped += newest - slot
			slot = newest
		}
		if err := t.put(slot); err != nil {
			return // told by the screen's Done
		}
		if now-thought > phaseEvery {
			thought = now
			t.rethink()
		}
	}
}

func (t *take) now() time.Duration { return time.Since(t.grab.epoch) }

// due is when the picture of a slot is read.
func (t *take) due(slot int64) time.Duration {
	return t.zero + t.grab.line.FrameTime(slot) + t.shift
}

// put gives a slot its picture: the very one before when nothing else is shown.
func (t *take) put(slot int64) error {
	t.counts.pictures++
	if t.last != nil && !t.grab.screen.Changed() {
		t.again(slot)
		return nil
	}
	frame := t.pool.Get()
	var before []byte
	if t.last != nil {
		before = t.last.Pix
	}
	changed, err := t.grab.screen.Grab(frame.Pix, before)
	if err != nil {
		frame.Release()
		return err
	}
	if !changed {
		frame.Release()
		t.again(slot)
		return nil
	}
	if t.last != nil {
		t.last.Release()
	}
	t.last = frame
	select {
	case <-t.stop:
	default:
		t.video.Put(slot, frame.Retain())
	}
	return nil
}

func (t *take) again(slot int64) {
	t.counts.unchanged++
	t.video.Put(slot, t.last.Retain())
}

// rethink moves the readings to a better phase by the shorter way. What the
// readings may be away from their slots is bounded; beyond, a source with a
// clock of its own is a picture ahead or behind, and one is read twice or not.
func (t *take) rethink() {
	period := t.grab.line.FrameTime(1)
	current := t.due(0)
	best, better := t.grab.rethink(current)
	if !better {
		return
	}
	t.shift = nearest(t.shift+best-current%period, period)
	t.counts.moves++
	t.grab.log.Debug("screen is read at another phase", "shift", t.shift)
}

// nearest gives the same phase from −period/2 up to period/2.
func nearest(shift, period time.Duration) time.Duration {
	shift %= period
	switch {
	case shift >= period/2:
		return shift - period
	case shift < -period/2:
		return shift + period
	}
	return shift
}

func (t *take) finish() {
	if t.last != nil {
		t.last.Release()
	}
	t.grab.log.Debug("screen was read", "pictures", t.counts.pictures, "unchanged", t.counts.unchanged,
		"skipped", t.counts.skipped, "moves", t.counts.moves)
}
