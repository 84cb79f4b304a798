package compose

import (
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/clock"
)

var _ rtpfeed.Sink = (*sink)(nil)

// sink queues what comes of one track. All of it is guarded by the stage's mutex.
type sink struct {
	stage *Stage
	queue *queue
	clock *clock.Track
}

func (k *sink) Unit(u rtpfeed.Unit) {
	s := k.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	now, at := time.Since(s.epoch), u.Arrived.Sub(s.epoch)
	ticks := k.clock.Unit(u.Timestamp, at)
	k.queue.push(entry{kind: media, unit: u, clock: k.clock, ticks: ticks, came: now})
	select {
	case <-s.first:
	default:
		s.firstAt = at
		close(s.first)
	}
}

func (k *sink) Report(r rtpfeed.Report) {
	k.stage.mu.Lock()
	defer k.stage.mu.Unlock()
	k.clock.Report(r.NTP, r.RTP)
}

func (k *sink) Muted(on bool, at time.Time) {
	e := entry{kind: unmuted, at: at.Sub(k.stage.epoch)}
	if on {
		e.kind = muted
	}
	k.push(e)
}

func (k *sink) Replaced(t rtpfeed.Track) {
	k.stage.mu.Lock()
	defer k.stage.mu.Unlock()
	k.clock = k.clock.Next(rate(t))
	k.queue.push(entry{kind: replaced, track: t, clock: k.clock, at: time.Since(k.stage.epoch)})
}

// Vacant tells that nothing is to be missed until the track is back.
func (k *sink) Vacant(time.Time) {
	k.stage.mu.Lock()
	defer k.stage.mu.Unlock()
	k.queue.flow.ends()
}

func (k *sink) Close() {
	k.stage.mu.Lock()
	defer k.stage.mu.Unlock()
	k.stage.open--
	k.clock.End()
	k.queue.push(entry{kind: closed, at: time.Since(k.stage.epoch)})
}

func (k *sink) push(e entry) {
	k.stage.mu.Lock()
	defer k.stage.mu.Unlock()
	k.queue.push(e)
}
