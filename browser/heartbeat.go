package browser

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

const (
	beatEvery = 500 * time.Millisecond
	// hungBeats is how many beats in a row a page or Chromium may leave unanswered.
	hungBeats = 20
	// frozenBeats is that of a page which is recorded and shows nothing new
	// meanwhile: it is noticed within two seconds. One that computes for
	// longer than that while its videos go on is alive.
	frozenBeats = 3
	// stalledBeats is how many beats in a row a source may give nothing new.
	stalledBeats = 10
	// discardEvery is how many beats apart logged objects are let go.
	discardEvery = 60
)

var (
	errHung    = errors.New("does not respond")
	errStalled = errors.New("delivers nothing")
)

// silence counts beats in a row without a sign of life. Only fair beats count:
// those that came on time while Chromium itself was answering. On an overloaded
// machine everybody is late, and a slow page is no dead one.
type silence struct {
	limit, beats int
}

func (s *silence) beat(alive, fair bool) (dead bool) {
	switch {
	case alive:
		s.beats = 0
	case fair:
		s.beats++
	}
	return s.beats >= s.limit
}

// question asks something again and again, one at a time.
type question struct {
	asking   atomic.Bool
	answered atomic.Int64
}

func (q *question) ask(spawn func(func()), ask func() error) {
	if !q.asking.CompareAndSwap(false, true) {
		return
	}
	spawn(func() {
		defer q.asking.Store(false)
		if err := ask(); err == nil {
			q.answered.Add(1)
		}
	})
}

// progress tells whether a counter has moved since it was last asked.
type progress struct {
	count func() int64
	last  int64
}

func (p *progress) moved() bool {
	n := p.count()
	moved := n != p.last
	p.last = n
	return moved
}

// watched is a part whose signs of life are counted.
type watched struct {
	part     part
	err      error // what it is accused of
	progress progress
	silence  silence
}

func newWatched(part part, err error, limit int, count func() int64) *watched {
	return &watched{part: part, err: err, progress: progress{count: count}, silence: silence{limit: limit}}
}

// beat asks page and sources for signs of life twice a second, and until the
// recording starts whether the page shows an error. It runs after loading.
func (b *Browser) beat(ctx context.Context) {
	var page, chromium question
	watched := []*watched{newWatched(partPage, errHung, hungBeats, page.answered.Load)}
	if b.grab != nil {
		watched = append(watched, newWatched(partGrab, errStalled, stalledBeats, b.grab.screen.Ask),
			newWatched(partPage, errHung, frozenBeats, b.signs(&page)))
	}
	if b.ear != nil {
		watched = append(watched, newWatched(partSound, errStalled, stalledBeats, b.ear.seen.Load))
	}
	alive, deaf := progress{count: chromium.answered.Load}, silence{limit: hungBeats}
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	last := time.Now()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		fair := time.Since(last) < 3*beatEvery/2
		last = time.Now()
		answers := alive.moved()
		if deaf.beat(answers, fair) {
			b.health.reportSince(partChromium, errHung, last.Add(-hungBeats*beatEvery))
			return
		}
		fair = answers && fair
		for _, w := range watched {
			if w.silence.beat(w.progress.moved(), fair) {
				b.health.reportSince(w.part, w.err, last.Add(-time.Duration(w.silence.limit)*beatEvery))
				return
			}
		}
		chromium.ask(b.spawn, func() error {
			_, err := proto.BrowserGetVersion{}.Call(b.chrome.rod.Context(ctx))
			return err
		})
		page.ask(b.spawn, func() error { return b.askPage(ctx) })
		if n%discardEvery == 0 {
			b.page.discardLogged()
		}
	}
}

// signs counts the signs of life of a page that is recorded: its answers and
// what it draws. While it is not recorded, time is one.
func (b *Browser) signs(page *question) func() int64 {
	var idle int64
	return func() int64 {
		if !b.capturing.Load() {
			idle++
		}
		return page.answered.Load() + b.grab.changes.Load() + idle
	}
}

// askPage is answered by any living page; one that does not record yet is also
// asked for its errors, for a template fails long after it has loaded.
func (b *Browser) askPage(ctx context.Context) error {
	script := `""`
	select {
	case <-b.started:
	default:
		script = shownError
	}
	text, err := b.page.evaluate(ctx, script)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, context.Canceled) {
			return err
		}
		return nil // "no context", between two documents, is an answer
	}
	if err := b.page.templateError(text); err != nil {
		b.health.report(partPage, err)
	}
	return nil
}
