package compose

import (
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/clock"
	"github.com/ffegress/ffegress/rtpfeed/journal"
)

var _ rtpfeed.Sink = (*sink)(nil)

// sink queues what comes of one track. All of it is guarded by the stage's mutex. Whatever comes is an event, which goes
// the same way whether it happens now or is read from a journal.
type sink struct {
	stage  *Stage
	number int // of the track, for the journal
	queue  *queue
	clock  *clock.Track
}

func (k *sink) Unit(u rtpfeed.Unit) {
	at := u.Arrived.Sub(k.stage.epoch)
	k.happens(journal.Event{Kind: journal.Media, At: at, Unit: u})
}

func (k *sink) Report(r rtpfeed.Report) {
	k.happens(journal.Event{Kind: journal.Reported, At: k.now(), Report: r})
}

func (k *sink) Muted(on bool, at time.Time) {
	e := journal.Event{Kind: journal.Unmuted, At: at.Sub(k.stage.epoch)}
	if on {
		e.Kind = journal.Muted
	}
	k.happens(e)
}

func (k *sink) Replaced(t rtpfeed.Track) {
	k.happens(journal.Event{Kind: journal.Replaced, At: k.now(), About: t})
}

// Vacant tells that nothing is to be missed until the track is back.
func (k *sink) Vacant(time.Time) { k.happens(journal.Event{Kind: journal.Vacant, At: k.now()}) }

func (k *sink) Close() { k.happens(journal.Event{Kind: journal.Closed, At: k.now()}) }

func (k *sink) now() time.Duration { return time.Since(k.stage.epoch) }

// happens takes an event of this process and writes it down.
func (k *sink) happens(e journal.Event) {
	s := k.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	e.Track, e.Came = k.number, k.now()
	s.o.Journal.Note(&e)
	k.take(&e)
}

// take is called locked.
func (k *sink) take(e *journal.Event) {
	s := k.stage
	switch e.Kind {
	case journal.Media:
		ticks := k.clock.Unit(e.Unit.Timestamp, e.At)
		k.queue.push(entry{kind: media, unit: e.Unit, clock: k.clock, ticks: ticks, came: e.Came})
		s.starts(e.At)
	case journal.Reported:
		k.clock.Report(e.Report.NTP, e.Report.RTP)
	case journal.Muted:
		k.queue.push(entry{kind: muted, at: e.At})
	case journal.Unmuted:
		k.queue.push(entry{kind: unmuted, at: e.At})
	case journal.Replaced:
		k.clock = k.clock.Next(rate(e.About))
		k.queue.push(entry{kind: replaced, track: e.About, clock: k.clock, at: e.At})
	case journal.Vacant:
		k.queue.flow.ends()
	case journal.Closed:
		s.open--
		k.clock.End()
		k.queue.push(entry{kind: closed, at: e.At})
	}
}

// starts notes the first media. Called locked.
func (s *Stage) starts(at time.Duration) {
	select {
	case <-s.first:
	default:
		s.firstAt = at
		close(s.first)
	}
}
