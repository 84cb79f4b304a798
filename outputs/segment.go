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

	// Of one that a dead process has left: it is finished, and delivered.
	made, settled bool

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
	next := s.newSegment(s.count, from)
	at, cuts := s.LeftOut.wall(zero, s.cutter.time(from))
	next.at, next.jump = at, jump || cuts > s.cuts
	s.cuts = cuts
	next.name = s.Names.Prefix + s.suffix(next) + s.extension()
	if s.FMP4 && s.count == 0 {
		if err := s.keepInit(); err != nil {
			return err
		}
	}
	var err error
	if next.writer, err = workfile.Create(s.FS, s.Syncer, next.part); err != nil {
		return err
	}
	s.open = next
	s.count++
	s.ledger.note(step{Number: next.number, Name: next.name, At: next.at, Start: next.start, Jump: next.jump})
	if s.FMP4 {
		return nil
	}
	return next.writer.Append(s.init)
}

// newSegment is one that begins there.
func (s *Segments) newSegment(number, start int64) *segment {
	g := &segment{number: number, start: start, ready: make(chan struct{})}
	g.part = filepath.Join(s.Work, fmt.Sprintf("%05d.mp4", number))
	g.path = g.part
	if !s.FMP4 {
		g.path = filepath.Join(s.Work, fmt.Sprintf("%05d.ts", number))
	}
	return g
}

// initFile is where the init segment of fMP4 is kept for whoever resumes.
const initFile = "init"

func (s *Segments) keepInit() error {
	w, err := workfile.Create(s.FS, nil, filepath.Join(s.Work, initFile))
	if err != nil {
		return err
	}
	return errors.Join(w.Append(s.init), w.Close())
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
	s.ledger.note(step{Number: done.number, Duration: done.duration})
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
