package session

import (
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"
)

// setStarted notes when the media began.
func (s *Session) setStarted(zero time.Time) {
	for _, out := range s.recorder.outlets() {
		out.report.started(zero)
	}
}

// setProgress notes what there is so far, for whoever is told the info now.
func (s *Session) setProgress() {
	if s.status.info.Status != livekit.EgressStatus_EGRESS_ACTIVE {
		return
	}
	for _, out := range s.recorder.outlets() {
		out.report.progress(out.output.Progress())
	}
}

// tooLarge tells whether the file has reached its limit.
func (s *Session) tooLarge() bool {
	for _, out := range s.recorder.outlets() {
		if _, file := out.report.(fileReport); file && out.output.Progress().Size >= s.plan.MaxSize {
			return true
		}
	}
	return false
}

// setResults notes what was delivered.
func (s *Session) setResults() {
	for _, out := range s.recorder.outlets() {
		out.report.ended(out.result)
		s.status.detail(out.result.Note)
	}
}

// account writes down what was made, how many pictures the recording lacks and why.
func (s *Session) account() {
	for _, out := range s.recorder.outlets() {
		r := out.result
		s.log.Info("made", "output", out.name, "path", r.Path, "bytes", r.Size, "count", r.Count, "duration", r.Duration, "error", out.err)
	}
	s.log.Info("recorded", append(s.recorder.counts(),
		"pageLost", s.gap.lost, "pageRestored", s.gap.restored, "pageGone", s.gap.held)...)
}

// drawingHole tells of a picture that was held though the page lived.
func (s *Session) drawingHole() string {
	source, ok := s.source.(interface{ Held() time.Duration })
	if !ok || source.Held() == 0 {
		return ""
	}
	return fmt.Sprintf("Chromium's GPU process restarted, picture held for %.1f s", source.Held().Seconds())
}
