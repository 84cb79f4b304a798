package outputs

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path"
	"path/filepath"
)

// Content types, as LiveKit Egress tells stores.
const (
	typePlaylist = "application/x-mpegurl"
	typeTS       = "video/mp2t"
	typeMP4      = "video/mp4"
)

// parallelDeliveries is how many segments of one output are delivered at once.
const parallelDeliveries = 4

// convertAll makes the segments out of their parts, in order, and sees to their
// delivery, several at once.
func (s *Segments) convertAll(ctx context.Context) {
	slots := make(chan struct{}, parallelDeliveries)
	for g := range s.convert {
		s.publish <- g // never more than were let into convert
		if g.err == nil && !g.made {
			g.err = s.finishPart(g)
		}
		if g.err != nil || g.settled {
			close(g.ready)
			continue
		}
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			defer close(g.ready)
			kind := typeTS
			if s.FMP4 {
				kind = typeMP4
			}
			g.delivered, g.err = s.Deliver.Deliver(ctx, Delivery{Path: g.path, Name: s.Names.file(g.name), Type: kind})
		}()
	}
}

// finishPart makes the segment of a part.
func (s *Segments) finishPart(g *segment) error {
	if s.FMP4 {
		return nil
	}
	if err := s.makeTS(g.part, g.path); err != nil {
		return err
	}
	if err := s.FS.Remove(g.part); err != nil && !errors.Is(err, iofs.ErrNotExist) {
		s.Log.Warn("part of a segment stays", "err", err)
	}
	s.note(step{Number: g.number, Next: s.tied.clone().next})
	return nil
}

// note writes a step down, unless it is taken after a dead process.
func (s *Segments) note(made step) {
	if s.ledger != nil {
		s.ledger.note(made)
	}
}

// publishAll lists the segments in order, each when it is delivered, and ends the
// playlists. Nothing is listed behind a segment that is missing.
func (s *Segments) publishAll(ctx context.Context) {
	lists, broken := s.playlists(), false
	for g := range s.publish {
		<-g.ready
		err := g.err
		if err == nil && s.FMP4 && g.number == 0 {
			err = s.deliverInit(ctx)
		}
		if err != nil {
			s.fail(fmt.Errorf("segment %s: %w", g.name, err))
			broken = true
		}
		if broken {
			continue
		}
		s.list(g, lists)
		for _, l := range lists {
			if s.resuming {
				break
			}
			if err := s.deliverList(ctx, l, false); err != nil {
				// The next one says the same and more; the last one must succeed.
				s.Log.Warn("playlist not refreshed", "err", err, "playlist", l.name)
			}
		}
	}
	if s.Progress().Count == 0 {
		return
	}
	for _, l := range lists {
		if err := s.deliverList(ctx, l, true); err != nil {
			s.fail(fmt.Errorf("playlist %s: %w", path.Base(l.name), err))
		}
	}
}

// publishedList is a playlist and where it goes.
type publishedList struct {
	playlist
	name string
	tell *string // where its location is told
}

func (s *Segments) playlists() []*publishedList {
	p := playlist{target: s.Seconds}
	if s.FMP4 {
		p.init = s.initName()
	}
	lists := []*publishedList{{playlist: p, name: s.Names.Playlist, tell: &s.made.Path}}
	if s.Names.Live != "" {
		p.live = true
		lists = append(lists, &publishedList{playlist: p, name: s.Names.Live, tell: &s.made.LivePath})
	}
	return lists
}

// list adds a delivered segment.
func (s *Segments) list(g *segment, lists []*publishedList) {
	for _, l := range lists {
		l.add(g.listed)
	}
	s.note(step{Number: g.number, Told: true, Size: g.delivered.Size})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made.Count++
	s.made.Size += g.delivered.Size
	s.made.Duration += g.duration
}

func (s *Segments) initName() string { return s.Names.Prefix + "_init.mp4" }

func (s *Segments) deliverInit(ctx context.Context) error {
	if _, err := s.deliverBytes(ctx, s.init, s.Names.file(s.initName()), typeMP4); err != nil {
		return fmt.Errorf("init segment: %w", err)
	}
	return nil
}

// deliverList replaces a playlist. Whoever fetches it gets the old one or the new
// one, whole.
func (s *Segments) deliverList(ctx context.Context, l *publishedList, ended bool) error {
	there, err := s.deliverBytes(ctx, l.text(ended), l.name, typePlaylist)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*l.tell = there.Location
	return nil
}

func (s *Segments) deliverBytes(ctx context.Context, data []byte, name, kind string) (Delivered, error) {
	work := filepath.Join(s.Work, filepath.Base(name))
	if err := writeNew(s.FS, work, data); err != nil {
		return Delivered{}, err
	}
	return s.Deliver.Deliver(ctx, Delivery{Path: work, Name: name, Type: kind})
}
