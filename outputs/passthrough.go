package outputs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// Passthrough records a track as it came: it is given the parts of a work file
// that is playable after each of them. Finish makes Target of it.
type Passthrough struct {
	FFmpeg   string           // executable that finalises
	FS       workfile.FS      // nil = the system's
	Syncer   *workfile.Syncer // of Work's file system; nil = synced at the end only
	Work     string           // must not exist, its folder must
	From     ffpipe.Container // of Work: Matroska or Ogg
	Target   string           // missing folders are made, 0755
	To       ffpipe.Container // of Target: MP4, WebM or Ogg
	Bitrate  int              // kb/s, of sound that must be encoded: Ogg of Matroska
	MaxQueue int64            // bytes that may wait for the disk; 0 = 64 MiB
	Log      *slog.Logger     // nil discards
	// Length is how long the recording is; asked for when all parts are there.
	Length func() time.Duration

	mu      sync.Mutex
	queue   [][]byte
	waiting int64 // bytes in queue
	closed  bool  // no more parts are wanted
	dropped bool  // nor what was recorded

	wake    chan struct{}
	ended   chan struct{} // the writing goroutine is gone
	failed  chan struct{} // closed before ended when err is set
	err     error         // why it failed by itself
	writer  *workfile.Writer
	written atomic.Int64
}

var _ Output = (*Passthrough)(nil)

const defaultPassthroughQueue = 64 << 20

// Start makes the target's folder, and begins to write when the first part comes.
func (f *Passthrough) Start(context.Context) error {
	if f.FS == nil {
		f.FS = workfile.OS()
	}
	if f.Log == nil {
		f.Log = slog.New(slog.DiscardHandler)
	}
	if f.MaxQueue == 0 {
		f.MaxQueue = defaultPassthroughQueue
	}
	if err := workfile.MakeFolder(f.FS, filepath.Dir(f.Target)); err != nil {
		return fmt.Errorf("folder of %s: %w", filepath.Base(f.Target), err)
	}
	f.wake, f.ended, f.failed = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(f.ended)
		if f.err = f.record(); f.err != nil {
			close(f.failed)
		}
	}()
	return nil
}

// Begin changes nothing: a file counts from its own beginning.
func (f *Passthrough) Begin(time.Time) {}

// Append takes a part of the work file, which must not change any more. It
// never blocks.
func (f *Passthrough) Append(part []byte) {
	f.mu.Lock()
	if !f.closed {
		f.queue = append(f.queue, part)
		f.waiting += int64(len(part))
	}
	f.mu.Unlock()
	f.nudge()
}

func (f *Passthrough) nudge() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take empties the queue.
func (f *Passthrough) take() (parts [][]byte, waiting int64, closed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	parts, waiting = f.queue, f.waiting
	f.queue, f.waiting = nil, 0
	return parts, waiting, f.closed
}

// record writes until no more parts are wanted.
func (f *Passthrough) record() error {
	for {
		parts, waiting, closed := f.take()
		if waiting > f.MaxQueue {
			f.close(false)
			return fmt.Errorf("%w: %d bytes wait for the disk", ErrOverflow, waiting)
		}
		for _, part := range parts {
			if err := f.write(part); err != nil {
				f.close(false)
				return err
			}
		}
		if len(parts) > 0 {
			continue
		}
		if closed {
			return nil
		}
		<-f.wake
	}
}

func (f *Passthrough) write(part []byte) (err error) {
	if f.writer == nil {
		if f.writer, err = workfile.Create(f.FS, f.Syncer, f.Work); err != nil {
			return err
		}
	}
	if err := f.writer.Append(part); err != nil {
		return err
	}
	f.written.Store(f.writer.Size())
	return nil
}

// close makes the goroutine end when it has written what there is.
func (f *Passthrough) close(drop bool) {
	f.mu.Lock()
	f.closed = true
	f.dropped = f.dropped || drop
	f.mu.Unlock()
	f.nudge()
}

// Discard has Finish throw away what was recorded.
func (f *Passthrough) Discard() { f.close(true) }

// Done closes when the disk or the queue failed. What was written until then is
// delivered by Finish.
func (f *Passthrough) Done() <-chan struct{} { return f.failed }

// Progress is how much is in the work file.
func (f *Passthrough) Progress() Result {
	return Result{Size: f.written.Load(), Duration: f.Length()}
}

// Finish makes the target of what was appended, as [WorkFile.Make] says.
func (f *Passthrough) Finish(ctx context.Context) (Result, error) {
	f.close(false)
	<-f.ended
	if f.writer == nil {
		return Result{}, f.failure(ErrNothing)
	}
	if err := f.writer.Close(); err != nil && f.err == nil {
		f.err = err
	}
	if f.dropped {
		return Result{}, errors.Join(ErrNothing, removeWork(f.FS, f.Work))
	}
	note, err := WorkFile{
		Path: f.Work, Container: f.From, Torn: f.err != nil, Target: f.Target,
		Finaliser: workfile.Finaliser{
			Container: f.To, Matroska: f.From == ffpipe.Matroska, Bitrate: f.Bitrate, FFmpeg: f.FFmpeg, FS: f.FS, Log: f.Log,
		},
	}.Make(ctx)
	if err != nil {
		return Result{}, f.failure(err)
	}
	size, err := sizeOf(f.FS, f.Target)
	if err != nil {
		f.Log.Warn("size of delivered file", "err", err)
		size = f.written.Load()
	}
	return Result{Path: f.Target, Size: size, Duration: f.Length(), Note: note}, f.failure(nil)
}

func (f *Passthrough) failure(now error) error {
	if err := errors.Join(f.err, now); err != nil {
		return fmt.Errorf("record %s: %w", filepath.Base(f.Target), err)
	}
	return nil
}
