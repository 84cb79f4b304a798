package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed/compose"
)

const (
	// againFolder is where an egress is composed again, in its directory.
	againFolder = "again"
	// againPatience is how long a picture is waited for that a decoder owes.
	againPatience = 400 * time.Millisecond
)

// againSource is the tracks of a dead egress.
type againSource struct {
	stage  *compose.Stage
	length time.Duration
	zero   time.Time // of the dead egress, by the wall clock
}

var _ ProgrammeSource = (*againSource)(nil)

func (s *againSource) Open(context.Context) error { return nil }
func (s *againSource) Events() <-chan Event       { return nil }
func (s *againSource) End()                       {}

// Begin has the programme go through all that there is. Its timeline begins now; outputs are named by the time at which
// it did.
func (s *againSource) Begin(p *programme.Programme) (time.Time, error) {
	zero, err := s.stage.Begin(p)
	if err != nil {
		return time.Time{}, err
	}
	p.Stop(zero.Add(s.length))
	return s.zero, nil
}

func (s *againSource) Close(context.Context) error {
	s.stage.Close()
	return nil
}

// composeAgain makes what the egress had to make from its beginning, out of its journal: the process died before it had
// written most of what had come. All of it is there, so that what was written is not needed. When it returns without an
// error the record tells of what it has made; otherwise what the dead process wrote is as it was.
func (r *Recovery) composeAgain(ctx context.Context) error {
	c, path := r.diary.Composed, filepath.Join(r.home.Dir, journalFile)
	if c == nil || r.ended || r.info.Status == livekit.EgressStatus_EGRESS_STARTING || !there(path) {
		return nil
	}
	for _, f := range r.diary.Files {
		if f.Finished {
			return nil
		}
	}
	r.debts.composing.Lock() // it takes as much as a recording
	defer r.debts.composing.Unlock()
	source, err := r.heldBack(path)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close(ctx) }()
	folder := filepath.Join(r.home.Dir, againFolder)
	if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o700)); err != nil {
		return fmt.Errorf("compose again: %w", err)
	}
	p, err := newPipeline(ctx, pipelineOptions{
		Source: source, Format: c.Format, FFmpeg: r.ffmpeg, Encode: c.Encode, Encoder: c.Encoder, Patience: againPatience,
		Outlets: r.outletsAgain, Log: r.log,
	})
	if err != nil {
		return fmt.Errorf("compose again: %w", err)
	}
	_, err = p.begin()
	p.stop()
	if err := r.madeAgain(p, errors.Join(err, p.drain())); err != nil {
		return fmt.Errorf("compose again: %w", err)
	}
	r.log.Info("what was held back is composed again", "length", source.length, "stats", source.stage.Stats())
	if err := os.Remove(path); err != nil {
		r.log.Warn("the journal stays", "error", err)
	}
	return nil
}

// heldBack reads the journal.
func (r *Recovery) heldBack(path string) (*againSource, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("compose again: %w", err)
	}
	defer func() { _ = file.Close() }() // it is only read
	s := &againSource{zero: r.began()}
	s.stage, s.length, err = compose.Again(compose.Options{Format: r.diary.Composed.Format, FFmpeg: r.ffmpeg, Log: r.log}, file)
	if err != nil {
		return nil, err
	}
	if e := r.diary.End; e != nil {
		s.length = min(s.length, max(e.At.Sub(s.zero), 0))
	}
	return s, nil
}

// began is when the media of the egress began.
func (r *Recovery) began() time.Time {
	at := r.info.StartedAt
	for _, f := range r.info.FileResults {
		at = max(at, f.StartedAt)
	}
	for _, f := range r.info.SegmentResults {
		at = max(at, f.StartedAt)
	}
	for _, f := range r.info.ImageResults {
		at = max(at, f.StartedAt)
	}
	return time.Unix(0, at)
}

// errKept is told of segments and pictures that are only to be made.
var errKept = errors.New("it is delivered later")

// keeping is a Deliver that leaves everything where it is, so that what is made is as if the process had been killed
// before it delivered any.
type keeping struct{}

func (keeping) Deliver(context.Context, outputs.Delivery) (outputs.Delivered, error) {
	return outputs.Delivered{}, errKept
}

// outletsAgain are the outputs of the dead egress, in a folder of their own.
func (r *Recovery) outletsAgain(hub *outputs.Hub, p *programme.Programme) (all []*outlet) {
	work := func(name string) string { return filepath.Join(r.home.Dir, againFolder, name) }
	fs := r.debts.Ground.FS()
	for _, f := range r.diary.Files {
		all = append(all, &outlet{name: f.Name, output: &outputs.File{
			Hub: hub, FFmpeg: r.ffmpeg, Log: r.log, Work: work(filepath.Base(f.Work)), Target: f.Made, FS: fs,
		}})
	}
	if g := r.diary.Segments; g != nil {
		all = append(all, &outlet{name: segmentsFolder, output: &outputs.Segments{
			Hub: hub, FFmpeg: r.ffmpeg, Log: r.log, Deliver: keeping{}, Work: work(segmentsFolder), Keep: true,
			Names: g.Names, FMP4: g.FMP4, Timestamp: g.Timestamp, Seconds: g.Seconds, GOP: r.diary.Composed.Encoder.GOP(),
			LeftOut: p.LeftOut,
		}})
	}
	for n, g := range r.diary.Images {
		all = append(all, &outlet{name: imagesFolder(n), output: &outputs.Images{
			Programme: p, Log: r.log, Deliver: keeping{}, Work: work(imagesFolder(n)), Keep: true, Prefix: g.Prefix,
			Suffix: g.Suffix, Interval: g.Interval, Width: g.Width, Height: g.Height, LeftOut: p.LeftOut,
		}})
	}
	return all
}

// madeAgain writes down what is there, unless something has failed.
func (r *Recovery) madeAgain(p *pipeline, failed error) error {
	if p.encoding != nil {
		failed = errors.Join(failed, p.encoding.Err())
	}
	outlets := p.outlets()
	for _, out := range outlets {
		if out.err != nil && !errors.Is(out.err, errKept) {
			failed = errors.Join(failed, out.err)
		}
	}
	if failed != nil {
		return failed
	}
	r.run.record.update(func(d *diary) {
		for i := range d.Files {
			made := outlets[i].result
			d.Files[i].Finished, d.Files[i].Duration, d.Files[i].Note = true, made.Duration, made.Note
		}
		if d.Segments != nil {
			d.Segments.Work = filepath.Join(r.home.Dir, againFolder, segmentsFolder)
		}
		for n := range d.Images {
			d.Images[n].Work = filepath.Join(r.home.Dir, againFolder, imagesFolder(n))
		}
		d.Composed = nil
	})
	return nil
}
