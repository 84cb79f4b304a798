package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
)

// closeWait bounds how long a source may take to go away; what is left after it is killed.
const closeWait = 10 * time.Second

// detailKept tells of what could not be delivered; the next process tries again.
const detailKept = "what could not be delivered is kept in work_dir"

// finish winds the egress down and tells its terminal status. Whatever was recorded is delivered
// before that status, also when the egress failed.
func (s *Session) finish(e *ending) {
	end := time.Now()
	if s.recorder != nil {
		s.recorder.cut(end) // before anything that waits for a disk
	}
	s.recording = false
	wasActive := s.status.info.Status == livekit.EgressStatus_EGRESS_ACTIVE
	if wasActive && e.reason != ReasonFailure && e.reason != ReasonLimit {
		s.setProgress()
		s.status.ending(e.reason)
	}
	if errors.Is(e.err, rtpfeed.ErrEvicted) {
		s.cede()
	}
	s.stop = e // messages from here on change nothing
	s.release()
	s.noteEnd(e, wasActive, end)
	s.tellOwed()
	finishErr := s.step(context.Background(), func(context.Context) error { return s.windDown() })
	s.kept.drop()
	s.debug.close()
	s.leftover = s.leftover && !s.ceded // what is left of it is nobody's
	if errors.Is(finishErr, errLeft) {
		s.log.Info("the upload is left to the next process")
		return
	}
	if !wasActive {
		if e.reason == ReasonCPU || e.reason == ReasonMemory {
			s.status.detail(reasonPrefix + e.reason) // the text alone would have it that a client stopped it
		}
		to, text, code := e.starting(s.awaiting)
		s.conclude(to, text, code, end)
		return
	}
	s.gap.close(end, false)
	s.account()
	if e.err == nil && finishErr != nil {
		e.err = finishErr
	}
	s.status.reason(e.reason)
	s.setResults()
	s.status.detail(s.recorder.note())
	s.status.detail(s.gap.text(s.plan.Format.Video))
	s.status.detail(s.drawingHole())
	if finishErr != nil && s.leftover {
		s.status.detail(detailKept)
	}
	to, text, code := e.active()
	s.conclude(to, text, code, end)
}

// noteEnd writes down how the egress is going to end, should this process not live to tell it.
func (s *Session) noteEnd(e *ending, wasActive bool, end time.Time) {
	to, text, code := e.starting(s.awaiting)
	if wasActive {
		to, text, code = e.active()
	}
	s.record.ends(endRecord{At: end, Status: to, Error: text, Code: code})
}

// conclude writes the manifests and tells the terminal status.
func (s *Session) conclude(to livekit.EgressStatus, text string, code int32, end time.Time) {
	if !s.ceded && (s.home != nil || s.debts == nil) {
		info := s.status.snapshot()
		info.Status, info.Error, info.ErrorCode, info.EndedAt = to, text, code, end.UnixNano()
		var counts map[string]any
		if s.recorder != nil {
			counts = countsOf(s.recorder.counts(), s.gap)
		}
		err := s.step(context.Background(), func(context.Context) error {
			s.tellManifests(s.wanted(), info, counts)
			return nil
		})
		if err != nil {
			s.log.Error("manifest", "error", err)
		}
		s.status.info.ManifestLocation, s.status.info.BackupStorageUsed = info.ManifestLocation, info.BackupStorageUsed
	}
	s.status.owed = ""
	s.status.terminal(to, text, code, end)
}

// countsOf are the pictures that a recording lacks, by their reasons.
func countsOf(pairs []any, g gap) map[string]any {
	counts := map[string]any{"page_held_ms": g.held.Milliseconds(), "page_lost": g.lost}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			counts[name] = pairs[i+1]
		}
	}
	return counts
}

// windDown ends the recording and closes the source while the outputs finish.
func (s *Session) windDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if s.recorder == nil {
		s.closeSource(ctx)
		return nil
	}
	closed := make(chan struct{})
	s.recorder.stop()
	go func() {
		defer close(closed)
		s.closeSource(ctx)
	}()
	all := []error{s.recorder.drain()}
	<-closed
	left := all[0] != nil
	for _, out := range s.recorder.outlets() {
		left = left || out.leftover()
		if !out.spare {
			all = append(all, out.err)
		}
	}
	s.leftover = left
	switch err := errors.Join(all...); {
	case err == nil:
		return nil
	case errors.Is(err, errLeft):
		return errLeft
	default:
		return deliveryError(err)
	}
}

// cede leaves the egress to the other worker that has taken it over: nothing more is told of it and nothing delivered.
func (s *Session) cede() {
	s.log.Warn("another worker has taken over this egress")
	s.status.onUpdate = func(*livekit.EgressInfo) {}
	s.ceded = true
	if s.recorder != nil {
		s.recorder.discard()
	}
}

// removeWorkDir is called when nothing that was recorded is left in it.
func (s *Session) removeWorkDir() {
	if err := os.RemoveAll(s.plan.WorkDir); err != nil {
		s.log.Warn("work dir could not be removed", "dir", s.plan.WorkDir, "error", err)
	}
}

func (s *Session) closeSource(ctx context.Context) {
	if err := s.source.Close(ctx); err != nil {
		s.log.Warn("source did not close cleanly", "error", err)
	}
}

// deliveryError is what the user is told when the recording could not be delivered.
func deliveryError(err error) error {
	var known psrpc.Error
	if errors.As(err, &known) {
		return known
	}
	var full *outputs.QueueFullError
	if errors.As(err, &full) {
		return psrpc.NewError(psrpc.Internal, full)
	}
	if workfile.Full(err) {
		return psrpc.NewError(psrpc.Internal, fullError{err})
	}
	return psrpc.NewErrorf(psrpc.Internal, "Local upload failed: %w", err)
}

// fullError is that of a disk that was full before the recording could be ended. Its text leaves out where on the disk
// that was, which says nothing to a client.
type fullError struct{ error }

func (e fullError) Error() string {
	text := e.error.Error()
	if path, ok := errors.AsType[*os.PathError](e.error); ok {
		text = strings.ReplaceAll(text, path.Path, filepath.Base(path.Path))
	}
	return "disk full: " + text
}

func (e fullError) Unwrap() error { return e.error }
