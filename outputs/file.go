package outputs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// ErrNothing is wrapped by File.Finish when no media was written; there is no
// file then.
var ErrNothing = errors.New("nothing was recorded")

// File records the hub's stream. While it runs, Work is playable: fragmented MP4,
// Ogg or MP3; Finish makes Target of it. Nothing that is half made ever has
// Target's name.
type File struct {
	Hub      *Hub
	FFmpeg   string           // executable that finalises
	FS       workfile.FS      // nil = the system's
	Syncer   *workfile.Syncer // of Work's file system; nil = synced at the end only
	Work     string           // must not exist, its folder must
	Target   string           // missing folders are made, 0755
	MaxQueue int64            // bytes that may wait for the disk; 0 = 64 MiB
	Log      *slog.Logger     // nil discards

	sub     *Subscription
	stop    context.CancelFunc
	dropped atomic.Bool
	ended   chan struct{} // the writing goroutine is gone
	failed  chan struct{} // closed before ended when err is set
	err     error         // why it failed by itself
	writer  *workfile.Writer
	span    span
	written atomic.Int64
}

var _ Output = (*File)(nil)

// Start subscribes and begins to write. Its error is that the target's folder
// can not be made.
func (f *File) Start(ctx context.Context) error {
	if f.FS == nil {
		f.FS = workfile.OS()
	}
	if f.Log == nil {
		f.Log = slog.New(slog.DiscardHandler)
	}
	if err := workfile.MakeFolder(f.FS, filepath.Dir(f.Target)); err != nil {
		return fmt.Errorf("folder of %s: %w", filepath.Base(f.Target), err)
	}
	ctx, f.stop = context.WithCancel(ctx)
	f.ended, f.failed = make(chan struct{}), make(chan struct{})
	f.sub = f.Hub.Subscribe("file "+filepath.Base(f.Target), Lossless{f.MaxQueue})
	go func() {
		defer close(f.ended)
		defer f.sub.Close()
		if f.err = f.record(ctx); f.err != nil {
			close(f.failed)
		}
	}()
	return nil
}

// Begin changes nothing: a file counts from its own beginning.
func (f *File) Begin(time.Time) {}

// Progress is how much is in the work file.
func (f *File) Progress() Result { return Result{Size: f.Written()} }

// Done closes when the disk or the queue failed. What was written until then is
// delivered by Finish.
func (f *File) Done() <-chan struct{} { return f.failed }

// Err is why Done closed.
func (f *File) Err() error {
	select {
	case <-f.failed:
		return f.err
	default:
		return nil
	}
}

// Written is how many bytes of media were written so far.
func (f *File) Written() int64 { return f.written.Load() }

// record appends until the stream ends. Only its own failures are errors: why
// the stream ended is told by the Encoding.
func (f *File) record(ctx context.Context) error {
	for {
		fragment, err := f.sub.Next(ctx)
		switch {
		case errors.Is(err, ErrOverflow):
			return err
		case err != nil:
			return nil
		}
		if f.writer == nil {
			// Not earlier: a job that fails before any media leaves no file.
			if f.writer, err = workfile.Create(f.FS, f.Syncer, f.Work); err != nil {
				return err
			}
		}
		if len(fragment.Data) == 0 { // MP3 has no init segment
			continue
		}
		if err := f.writer.Append(fragment.Data); err != nil {
			return err
		}
		f.written.Store(f.writer.Size())
		f.span.add(fragment)
	}
}

// Discard has Finish throw away what was recorded.
func (f *File) Discard() { f.dropped.Store(true) }

// Finish waits for the end of the stream, then makes the target as
// [WorkFile.Make] says.
func (f *File) Finish(ctx context.Context) (Result, error) {
	select {
	case <-f.ended:
	case <-ctx.Done():
		f.Log.Warn("recording is cut short", "err", context.Cause(ctx), "target", f.Target)
	}
	f.stop()
	<-f.ended
	if f.writer == nil {
		return Result{}, f.failure(ErrNothing)
	}
	if err := f.writer.Close(); err != nil && f.err == nil {
		f.err = err
	}
	if f.dropped.Load() {
		return Result{}, errors.Join(ErrNothing, removeWork(f.FS, f.Work))
	}
	if f.span.empty() {
		return Result{}, f.failure(errors.Join(ErrNothing, removeWork(f.FS, f.Work)))
	}
	note, err := WorkFile{
		Path: f.Work, Torn: f.err != nil, Target: f.Target,
		Finaliser: workfile.Finaliser{Container: f.Hub.o.Container, Samples: f.samples(), FFmpeg: f.FFmpeg, FS: f.FS, Log: f.Log},
	}.Make(ctx)
	if err != nil {
		return Result{}, f.failure(err)
	}
	size, err := sizeOf(f.FS, f.Target)
	if err != nil {
		f.Log.Warn("size of delivered file", "err", err)
		size = f.written.Load()
	}
	return Result{Path: f.Target, Size: size, Duration: f.duration(), Note: note}, f.failure(nil)
}

// failure joins what failed while recording with what failed now.
func (f *File) failure(now error) error {
	err := errors.Join(f.err, now)
	if err == nil {
		return nil
	}
	return fmt.Errorf("record %s: %w", filepath.Base(f.Target), err)
}

// duration is that of what is to be seen or heard: an encoder fills its last
// packet with more sound than there was.
func (f *File) duration() time.Duration {
	s := f.span
	if total := f.samples(); total > 0 {
		s.audioTo = min(s.audioTo, total)
	}
	return s.duration(f.Hub.o.FPS)
}

// samples is how much sound the file should have, if it has the programme from
// its beginning to its end; otherwise 0.
func (f *File) samples() int64 {
	total, whole := f.Hub.Total()
	if !whole || f.err != nil || f.span.audioFrom > 0 {
		return 0
	}
	return total.Sample
}

func sizeOf(fs workfile.FS, path string) (int64, error) {
	file, err := fs.Open(path)
	if err != nil {
		return 0, err
	}
	size, err := file.Size()
	return size, errors.Join(err, file.Close())
}

// span is the part of the timeline that a file holds.
type span struct {
	fragments          int64
	videoFrom, videoTo int64 // frames
	audioFrom, audioTo int64 // samples
}

func (s *span) add(f *Fragment) {
	if f.Init {
		return
	}
	s.fragments++
	if f.VideoEnd > f.VideoStart {
		if s.videoTo == 0 {
			s.videoFrom = f.VideoStart
		}
		s.videoTo = f.VideoEnd
	}
	if f.AudioEnd > f.AudioStart {
		if s.audioTo == 0 {
			s.audioFrom = f.AudioStart
		}
		s.audioTo = f.AudioEnd
	}
}

func (s *span) empty() bool { return s.fragments == 0 }

// duration is that of the picture, or of the sound where there is no picture:
// with both, sound ends within a frame of it.
func (s *span) duration(fps int) time.Duration {
	line := programme.Timeline{FPS: fps}
	if s.videoTo > s.videoFrom {
		return line.FrameTime(s.videoTo - s.videoFrom)
	}
	return line.SampleTime(s.audioTo - s.audioFrom)
}
