package browser

import (
	"slices"
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// keepBack is how long a picture is kept back before it goes to the programme,
// at least. When Chromium's page crashes, or Chromium itself, the screen shows
// something else (a crash page, nothing) shortly before or after we hear of it;
// what was read in between is thrown away instead.
const keepBack = 80 * time.Millisecond

// keptBack is how many pictures that is.
func keptBack(line programme.Timeline) int64 { return line.FrameAt(keepBack-1) + 1 }

// Patience is how long after a slot's time its picture must be waited for: for
// as long as it is kept back, and three frame periods for what may go wrong.
func Patience(fps int) time.Duration {
	line := programme.Timeline{FPS: fps}
	return line.FrameTime(keptBack(line) + 3)
}

// take is one capture's reading of the screen.
type take struct {
	grab  *grab
	video *programme.VideoSlot
	pool  *programme.FramePool
	zero  time.Duration // of the timeline, since the grab's epoch
	first int64         // slot
	keep  int           // pictures to keep back
	end   func()
	stop  chan struct{} // closed by end
	ended chan struct{} // after the last use of the screen

	shift  time.Duration // of the readings against the slots
	last   *programme.Frame
	kept   []kept
	counts struct{ pictures, unchanged, skipped, moves int64 }
}

// kept is a picture that has not gone to the programme yet.
type kept struct {
	slot  int64
	frame *programme.Frame
}

func newTake(g *grab, p *programme.Programme, zero time.Duration) *take {
	t := &take{
		grab: g, video: p.Video(), pool: p.Frames(), zero: zero,
		keep: int(keptBack(g.line)),
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
	for slot := t.first; ; slot++ {
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
	t.show(slot, frame.Retain())
	return nil
}

func (t *take) again(slot int64) {
	t.counts.unchanged++
	t.show(slot, t.last.Retain())
}

// show keeps a picture back and puts those that were kept long enough.
func (t *take) show(slot int64, frame *programme.Frame) {
	if t.grab.blind.Load() {
		frame.Release()
		t.forget()
		return
	}
	t.kept = append(t.kept, kept{slot, frame})
	for len(t.kept) > t.keep {
		select {
		case <-t.stop:
			return // finish has them
		default:
		}
		t.video.Put(t.kept[0].slot, t.kept[0].frame)
		t.kept = slices.Delete(t.kept, 0, 1)
	}
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

// forget throws away what was kept back.
func (t *take) forget() {
	for _, k := range t.kept {
		k.frame.Release()
	}
	t.kept = t.kept[:0]
}

func (t *take) finish() {
	t.forget()
	if t.last != nil {
		t.last.Release()
	}
	t.grab.log.Debug("screen was read", "pictures", t.counts.pictures, "unchanged", t.counts.unchanged,
		"skipped", t.counts.skipped, "moves", t.counts.moves)
}
