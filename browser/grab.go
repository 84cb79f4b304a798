package browser

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ffegress/ffegress/browser/screen"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

// phaseEvery is how often the phase of the readings is thought over.
const phaseEvery = 250 * time.Millisecond

// resumeWait is how long the picture before is held on when a page has started
// again: it says so when its first picture is made, and it is drawn later.
const resumeWait = 200 * time.Millisecond

// grab reads the screen, a picture a frame period while capturing. The picture
// of slot n is read at zero + n periods + shift; zero is in a quiet moment
// of the screen, and the shift follows that moment when it moves.
type grab struct {
	screen *screen.Screen
	epoch  time.Time
	line   programme.Timeline
	log    *slog.Logger

	changes atomic.Int64 // of the screen
	blind   atomic.Bool  // what is seen now is not the page

	mu    sync.Mutex
	phase *phase
	take  *take // the last capture's
	over  bool  // nothing that is seen is worth reading any more
}

func startGrab(o *Options, d *display, epoch time.Time) (*grab, error) {
	g := &grab{epoch: epoch, line: programme.Timeline{FPS: o.FPS}, log: o.Log}
	g.phase = newPhase(g.line.FrameTime(1), o.Width, o.Height)
	var err error
	g.screen, err = screen.Open(screen.Options{
		Display: d.number, Cookie: d.secret, Width: o.Width, Height: o.Height, Changed: g.changed,
	})
	return g, err
}

// changed is called by the screen's goroutine.
func (g *grab) changed(c screen.Change) {
	g.changes.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.phase.note(c.At.Sub(g.epoch), c.X, c.Y, c.Width, c.Height)
}

// rethink gives the best phase for one's time on the clock, or that time's own.
func (g *grab) rethink(at time.Duration) (phase time.Duration, better bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	period := g.line.FrameTime(1)
	return g.phase.best(time.Since(g.epoch), (at%period+period)%period)
}

// begin sets the timeline's zero to the first good moment at or after at, and
// has pictures taken from there on. start is called in between with that zero.
// The zero is a reading's time, so that its phase is no A/V error: a picture
// that changes every period is half a period old at its reading on average,
// as [CallAudioDelay] and [PageAudioDelay] have it.
func (g *grab) begin(p *programme.Programme, at time.Duration, start func(zero time.Duration)) {
	zero := at
	if best, better := g.rethink(at); better {
		period := g.line.FrameTime(1)
		zero += (best - at%period + period) % period
	}
	start(zero)
	g.run(newTake(g, p, zero))
}

// resume has pictures taken of a timeline that has run for a while, and returns
// when the first one is.
func (g *grab) resume(p *programme.Programme, zero, now time.Duration) time.Duration {
	t := newTake(g, p, zero)
	t.first = g.line.FrameAt(now+resumeWait-zero) + 1
	t.rethink()
	at := t.due(t.first)
	g.run(t)
	return at
}

func (g *grab) run(t *take) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		t.end()
	}
	before := g.take
	g.take = t
	go t.run(before)
}

// giveUp ends this and all later captures.
func (g *grab) giveUp() {
	g.mu.Lock()
	g.over = true
	g.mu.Unlock()
	g.pause()
}

// pause ends the taking of pictures. It does not wait for one that the display
// is being asked for, which is then not put.
func (g *grab) pause() *take {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.take != nil {
		g.take.end()
	}
	return g.take
}

// stop leaves the display and waits until nothing is being read.
func (g *grab) stop() {
	last := g.pause()
	g.screen.Disconnect()
	if last != nil {
		<-last.ended
	}
	if err := g.screen.Close(); err != nil {
		g.log.Debug("close screen", "err", err)
	}
}
