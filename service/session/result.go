package session

import (
	"fmt"
	"slices"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
)

// setStarted notes when the media began.
func (s *Session) setStarted(zero time.Time) {
	for _, f := range s.files() {
		f.StartedAt = zero.UnixNano()
	}
}

// setResult notes what was delivered.
func (s *Session) setResult(r outputs.Result) {
	for _, f := range s.files() {
		f.EndedAt = f.StartedAt + int64(r.Duration)
		f.Duration = int64(r.Duration)
		f.Size = r.Size
		f.Location = r.Path
	}
}

// files are the file results and, where the request has that single output, the deprecated result
// that older clients read.
func (s *Session) files() []*livekit.FileInfo {
	files := s.status.info.FileResults
	//lint:ignore SA1019 clients of the first API generation read it
	if f := s.status.info.GetFile(); f != nil {
		files = append(files[:len(files):len(files)], f)
	}
	return files
}

// account writes down how many pictures the recording lacks and why.
func (s *Session) account(r outputs.Result) {
	s.log.Info("recorded", slices.Concat([]any{"path", r.Path, "bytes", r.Size, "duration", r.Duration}, s.recorder.counts(),
		[]any{"pageLost", s.gap.lost, "pageRestored", s.gap.restored, "pageGone", s.gap.held})...)
}

// drawingHole tells of a picture that was held though the page lived.
func (s *Session) drawingHole() string {
	source, ok := s.source.(interface{ Held() time.Duration })
	if !ok || source.Held() == 0 {
		return ""
	}
	return fmt.Sprintf("Chromium's GPU process restarted, picture held for %.1f s", source.Held().Seconds())
}
