package logs

import (
	"log/slog"
	"sync"
	"time"
)

// mostLines bounds the lines that a sampler remembers.
const mostLines = 4096

// said is what makes a line the same as another.
type said struct {
	item    string
	level   slog.Level
	message string
}

// tally is how often a line was said since a moment.
type tally struct {
	since time.Time
	n     int
}

// sampler passes the first lines of a span, and of those that follow each so-manieth.
type sampler struct {
	span            time.Duration
	first, interval int

	mu      sync.Mutex
	tallies map[said]tally
}

func newSampler(span time.Duration, first, interval int) *sampler {
	if first <= 0 {
		first = defaultInitial
	}
	if interval <= 0 {
		interval = defaultInterval
	}
	return &sampler{span: span, first: first, interval: interval, tallies: map[said]tally{}}
}

func (s *sampler) pass(line said, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tallies[line]
	if !ok && len(s.tallies) >= mostLines {
		s.forget(now)
	}
	if !ok || now.Sub(t.since) >= s.span {
		t = tally{since: now}
	}
	t.n++
	s.tallies[line] = t
	return t.n <= s.first || (t.n-s.first)%s.interval == 0
}

// forget drops what was said longer ago than a span, or all when that is nothing; called locked.
func (s *sampler) forget(now time.Time) {
	for line, t := range s.tallies {
		if now.Sub(t.since) >= s.span {
			delete(s.tallies, line)
		}
	}
	if len(s.tallies) >= mostLines {
		clear(s.tallies)
	}
}
