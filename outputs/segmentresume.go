package outputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// Heirloom is what a dead process' output knew that is written in none of its files.
type Heirloom struct {
	FPS          int
	Video, Audio bool
	// Taken tells where a file is that was given to Deliver before; false if it was not.
	Taken func(ctx context.Context, name string) (Delivered, bool, error)
}

// Resume goes on where a dead process was killed: the segments that it left in Work are finished and delivered, the one
// that it was in up to its last whole fragment, and the playlists are ended. It is called instead of Start and
// everything else; Hub is not used. The result is that of all segments; whole says that none is missing at the end.
// ErrNothing if there is nothing to go on from.
func (s *Segments) Resume(ctx context.Context, from Heirloom) (made Result, whole bool, err error) {
	s.defaults()
	left, whole, err := readLedger(s.FS, s.Work)
	if err != nil {
		return Result{}, whole, fmt.Errorf("segments of %s: %w", filepath.Base(s.Names.Playlist), err)
	}
	s.cutter = newCutter(from.FPS, from.Video, s.Seconds, s.GOP)
	s.failed, s.resuming = make(chan struct{}), true
	s.convert, s.publish = make(chan *segment, len(left)), make(chan *segment, len(left))
	if s.FMP4 {
		s.init, err = readAll(s.FS, filepath.Join(s.Work, initFile))
		if err != nil {
			return Result{}, false, fmt.Errorf("init segment of %s: %w", filepath.Base(s.Names.Playlist), err)
		}
	}
	for _, l := range left {
		g, err := s.inherit(ctx, l, from)
		if errors.Is(err, ErrNothing) && l.Number == int64(len(left))-1 {
			break // it had only just been begun
		}
		if err != nil {
			g.err = err
		}
		if l.Next != nil {
			s.tied.next = l.Next
		}
		s.convert <- g
	}
	close(s.convert)
	go func() {
		defer close(s.publish)
		s.convertAll(ctx)
	}()
	s.publishAll(ctx)
	made, err = s.Progress(), s.failure()
	if made.Count == 0 {
		err = errors.Join(err, ErrNothing)
	}
	if err != nil {
		return made, false, fmt.Errorf("segments of %s: %w", filepath.Base(s.Names.Playlist), err)
	}
	return made, whole, nil
}

// inherit finds how far a segment has come.
func (s *Segments) inherit(ctx context.Context, l step, from Heirloom) (*segment, error) {
	g := s.newSegment(l.Number, l.Start)
	g.name, g.at, g.jump, g.duration = l.Name, l.At, l.Jump, l.Duration
	switch {
	case l.Told:
	case isThere(s.FS, g.part):
		if g.duration > 0 {
			return g, nil
		}
		return g, s.cutOff(g, from)
	case isThere(s.FS, g.path):
		g.made = true
		return g, nil
	}
	there, ok, err := from.Taken(ctx, s.Names.file(g.name))
	switch {
	case err != nil:
		return g, err
	case ok:
		g.delivered = there
	case l.Told: // whoever wanted it has fetched it
		g.delivered = Delivered{Size: l.Size}
	default:
		return g, fmt.Errorf("%w of it", ErrNothing)
	}
	g.made, g.settled = true, true
	return g, nil
}

// cutOff cuts a part behind its last whole fragment, and measures it.
func (s *Segments) cutOff(g *segment, from Heirloom) (err error) {
	if !s.FMP4 { // which has no init segment in front, and is only measured
		if _, err := workfile.Truncate(s.FS, ffpipe.MP4, g.part); errors.Is(err, workfile.ErrEmpty) {
			return fmt.Errorf("%w in it", ErrNothing)
		} else if err != nil {
			return err
		}
	}
	file, err := s.FS.Open(g.part)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := file.Size()
	if err != nil {
		return err
	}
	head := bytes.NewReader(s.init) // nothing for MPEG-TS, whose parts have it
	whole, end, err := wholeFragments(io.MultiReader(head, io.NewSectionReader(file, 0, size)), from)
	if err != nil {
		return err
	}
	if g.duration = s.cutter.time(end) - s.cutter.time(g.start); g.duration <= 0 {
		return fmt.Errorf("%w in it", ErrNothing)
	}
	if err := file.Truncate(whole - int64(len(s.init))); err != nil {
		return err
	}
	return file.Sync()
}

// wholeFragments reads a part with its init segment: how many bytes of it are whole, and where on the timeline they end,
// in frames, or in samples where there is no picture.
func wholeFragments(r io.Reader, from Heirloom) (whole, end int64, err error) {
	m := &movie{fps: from.FPS, video: from.Video, audio: from.Audio}
	units := m.reader(r)
	for {
		u, err := units.next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, ErrMalformed):
			return whole, end, nil
		case err != nil:
			return 0, 0, err
		case u.init:
			if err := m.begin(u, programme.Point{}); err != nil {
				return 0, 0, err
			}
		default:
			f, _, err := m.place(u)
			if err != nil {
				return whole, end, nil // what comes behind it can not be told
			}
			if end = max(end, f.AudioEnd); from.Video {
				end = f.VideoEnd
			}
		}
		whole += int64(len(u.data))
	}
}
