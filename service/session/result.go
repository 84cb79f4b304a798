package session

import (
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe/programme"
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
	frames, fed, st := s.pipeline.programme.Stats(), s.pipeline.encoding.Feed.Stats(), s.pipeline.encoding.Stats()
	s.log.Info("recorded", "path", r.Path, "bytes", r.Size, "duration", r.Duration, "frames", frames.Frames,
		"still", fed.Still, "repeats", frames.Repeats, "overload", fed.Overload, "hole", st.HoleFrames,
		"silentSamples", frames.SilentSamples, "restarts", st.Restarts,
		"pageLost", s.gap.lost, "pageRestored", s.gap.restored, "pageGone", s.gap.held)
}

// drawingHole tells of a picture that was held though the page lived.
func (s *Session) drawingHole() string {
	source, ok := s.source.(interface{ Held() time.Duration })
	if !ok || source.Held() == 0 {
		return ""
	}
	return fmt.Sprintf("Chromium's GPU process restarted, picture held for %.1f s", source.Held().Seconds())
}

// encoderHole tells what is missing in the recording because the encoder died, if anything is.
func (s *Session) encoderHole() string {
	st := s.pipeline.encoding.Stats()
	if st.Restarts == 0 {
		return ""
	}
	if !s.plan.Format.Video {
		text := fmt.Sprintf("Encoder restarted %d times", st.Restarts)
		if st.HoleSamples > 0 {
			text += fmt.Sprintf(", sound missing for %.1f s", float64(st.HoleSamples)/programme.SampleRate)
		}
		return text
	}
	hole := time.Duration(st.HoleFrames) * time.Second / time.Duration(s.plan.Format.FPS)
	return fmt.Sprintf("Encoder restarted %d times, picture held for %.1f s", st.Restarts, hole.Seconds())
}
