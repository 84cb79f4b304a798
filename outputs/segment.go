package outputs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// segment is one on its way from the hub to the playlists.
type segment struct {
	listed
	number int64
	start  int64  // in the cutter's units
	part   string // its fragments, in the work folder; for MPEG-TS with the init segment in front
	path   string // the finished segment, in the work folder
	writer *workfile.Writer

	delivered Delivered
	err       error
	ready     chan struct{} // closed when delivered or err is set
}

// maxJump is how much of the timeline may be missing between two segments
// without their time stamps being told to jump.
const maxJump = 500 * time.Millisecond

// record cuts the stream into parts until it ends. Only this output's own
// failures are errors.
func (s *Segments) record(ctx context.Context) error {
	for {
		f, err := s.sub.Next(ctx)
		switch {
		case errors.Is(err, ErrOverflow):
			return errors.Join(err, s.close(s.cutter.end))
		case err != nil:
			return s.close(s.cutter.end)
		case f.Init:
			s.init = f.Data
			continue
		}
		begins := s.cutter.begins(f)
		if begins {
			if err := s.next(f); err != nil {
				return err
			}
		}
		if s.open == nil { // before the first keyframe
			continue
		}
		s.cutter.take(f, begins)
		if err := s.open.writer.Append(f.Data); err != nil {
			return errors.Join(err, s.close(s.cutter.end))
		}
	}
}

// next closes the open segment and opens the one that begins with f.
func (s *Segments) next(f *Fragment) error {
	from, _ := s.cutter.place(f)
	jump := s.open != nil && s.cutter.time(from)-s.cutter.time(s.cutter.end) > maxJump
	end := from
	if jump {
		end = s.cutter.end
	}
	if err := s.close(end); err != nil {
		return err
	}
	zero, ok := s.begun.wait()
	if !ok {
		return nil // finished before the programme has told its beginning
	}
	next := &segment{number: s.count, start: from, ready: make(chan struct{})}
	next.at, next.jump = zero.Add(s.cutter.time(from)), jump
	next.name = s.Names.Prefix + s.suffix(next) + s.extension()
	next.part = filepath.Join(s.Work, fmt.Sprintf("%05d.mp4", next.number))
	next.path = next.part
	if !s.FMP4 {
		next.path = filepath.Join(s.Work, fmt.Sprintf("%05d.ts", next.number))
	}
	var err error
	if next.writer, err = workfile.Create(s.FS, s.Syncer, next.part); err != nil {
		return err
	}
	s.open = next
	s.count++
	if s.FMP4 {
		return nil
	}
	return next.writer.Append(s.init)
}

// close hands the open segment on, which ends there.
func (s *Segments) close(end int64) error {
	done := s.open
	if done == nil {
		return nil
	}
	s.open = nil
	done.duration = s.cutter.time(end) - s.cutter.time(done.start)
	if err := done.writer.Close(); err != nil {
		return err
	}
	if done.duration <= 0 { // not a fragment is in it
		return s.FS.Remove(done.part)
	}
	select {
	case s.convert <- done:
		return nil
	default:
		return &QueueFullError{"segment", s.MaxPending}
	}
}

func (s *Segments) suffix(g *segment) string {
	if s.Timestamp {
		return timeSuffix(g.at)
	}
	return indexSuffix(g.number)
}

func (s *Segments) extension() string {
	if s.FMP4 {
		return ".m4s"
	}
	return ".ts"
}
