package session

import (
	"context"
	"errors"
	iofs "io/fs"
	"os"
	"time"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

// salvageParts finishes the segments and pictures of the dead egress, and notes what there is of them. The error is
// errLeft, or for the log and the user.
func (r *Recovery) salvageParts(s *Session) (failed error) {
	if p := r.diary.Segments; p != nil {
		made, err := r.salvageSegments(s, p)
		failed = errors.Join(failed, r.judge(p.Names.Playlist, err))
		if !r.ended {
			newSegmentsReport(r.info).ended(made)
		}
	}
	for n, p := range r.diary.Images {
		made, err := r.salvageImages(s, p)
		failed = errors.Join(failed, r.judge(p.Prefix, err))
		if !r.ended && n < len(r.info.ImageResults) {
			told := r.info.ImageResults[n]
			if told.StartedAt != 0 {
				made.Duration = max(r.died.Sub(time.Unix(0, told.StartedAt)), 0)
			}
			imagesReport{told}.ended(made)
		}
	}
	return failed
}

// judge logs what could not be saved; there is nothing wrong with an output that had not begun.
func (r *Recovery) judge(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errLeft):
		return errLeft
	case errors.Is(err, outputs.ErrNothing):
		r.whole = false
		r.log.Info("nothing to recover", "name", name, "error", err)
		return nil
	}
	r.whole = false
	r.run.leftover = r.run.leftover || !isUpload(err)
	r.log.Error("recover", "name", name, "error", err)
	return deliveryError(err)
}

func (r *Recovery) salvageSegments(s *Session, p *segmentsRecord) (made outputs.Result, err error) {
	out := &outputs.Segments{
		FFmpeg: r.ffmpeg, Log: r.log, Deliver: s.deliverTo(madeSegment, p.Store), Work: p.Work, Names: p.Names, FMP4: p.FMP4, Seconds: p.Seconds,
	}
	from := outputs.Heirloom{FPS: p.FPS, Video: p.Video, Audio: p.Audio, Taken: s.taken(madeSegment, p.Store)}
	err = s.step(context.Background(), func(ctx context.Context) (err error) {
		var whole bool
		made, whole, err = out.Resume(ctx, from)
		r.whole = r.whole && whole
		return err
	})
	return made, err
}

func (r *Recovery) salvageImages(s *Session, p imagesRecord) (made outputs.Result, err error) {
	out := &outputs.Images{Log: r.log, Deliver: s.deliverTo(madeImage, p.Store), Work: p.Work, Prefix: p.Prefix}
	from := outputs.Heirloom{Taken: s.taken(madeImage, p.Store)}
	err = s.step(context.Background(), func(ctx context.Context) (err error) {
		var whole bool
		made, whole, err = out.Resume(ctx, from)
		r.whole = r.whole && whole
		return err
	})
	return made, err
}

// taken finds files that the dead process had delivered, or had made debts of, which it waits for.
func (s *Session) taken(kind madeKind, store plan.Store) func(context.Context, string) (outputs.Delivered, bool, error) {
	return func(ctx context.Context, name string) (there outputs.Delivered, ok bool, err error) {
		var at time.Time // when it was made
		if store.Local() {
			there, at, err = localFile(store, name)
		} else {
			ticket := s.debts.Queue.TicketNamed(s.home.Dir, name)
			if ticket == nil {
				return there, false, nil
			}
			at = ticket.Debt().Added
			there, err = s.collect(ctx, ticket)
		}
		switch {
		case errors.Is(err, iofs.ErrNotExist):
			return there, false, nil
		case err != nil:
			return there, false, err
		}
		s.made.noteAt(kind, name, there, "", at)
		return there, true, nil
	}
}

func localFile(store plan.Store, name string) (there outputs.Delivered, at time.Time, err error) {
	place, err := outputs.LocalDeliver{Prefix: store.Prefix}.Place(name)
	if err != nil {
		return there, at, err
	}
	info, err := os.Stat(place)
	if err != nil {
		return there, at, err
	}
	return outputs.Delivered{Location: place, Size: info.Size()}, info.ModTime(), nil
}
