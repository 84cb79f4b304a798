package outputs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// Segments records the hub's stream as HLS: MPEG-TS or fMP4 segments, each of
// which begins with a keyframe and can be decoded alone, an EVENT playlist and,
// if wished, a live one. A segment lies in Work while it grows, is delivered when
// it is whole, and is named by a playlist once it is where it is fetched from.
type Segments struct {
	Hub       *Hub
	FFmpeg    string           // executable that makes MPEG-TS
	FS        workfile.FS      // nil = the system's
	Syncer    *workfile.Syncer // of Work's file system; nil = synced when whole only
	Deliver   Deliver
	Work      string // folder of this output's own; made by Start, gone after Finish unless Keep
	Keep      bool   // the ledger stays in Work until its owner removes it: Resume works until then
	Names     SegmentNames
	FMP4      bool
	Timestamp bool // segments are named by the time of their beginning, not by number
	Seconds   int  // the longest that a segment may be
	GOP       int  // frames between keyframes; divides a segment
	MaxQueue  int64
	// LeftOut tells how much time was cut out before a place of the media, and in how many cuts; nil = none ever is.
	LeftOut LeftOut
	// MaxPending bounds the segments that wait for their store; 0 = 900, which is
	// an hour of the usual ones.
	MaxPending int
	Log        *slog.Logger // nil discards

	sub    *Subscription
	stop   context.CancelFunc // ends the taking of fragments
	hurry  context.CancelFunc // ends the waiting for stores
	begun  *zeroTime
	ended  chan struct{} // everything is delivered and listed
	failed chan struct{} // closed when err is set

	cutter  *cutter
	cuts    int // before the segment that was opened last
	open    *segment
	count   int64
	convert chan *segment // in order; closed by the recording goroutine
	publish chan *segment // in order; closed by the converting goroutine
	tied    continuity
	init    []byte
	ledger  *ledger // nil while it is resumed
	// resuming says that the playlists need not be kept up to date.
	resuming bool

	mu   sync.Mutex
	err  error // why it failed by itself
	made Result
}

var _ Output = (*Segments)(nil)

// Start subscribes and begins to write. Its error is that Work can not be made.
func (s *Segments) Start(ctx context.Context) error {
	s.defaults()
	if err := workfile.MakeFolder(s.FS, s.Work); err != nil {
		return fmt.Errorf("work folder of segments: %w", err)
	}
	s.ledger = &ledger{fs: s.FS, syncer: s.Syncer, path: filepath.Join(s.Work, ledgerFile), log: s.Log}
	s.cutter = newCutter(s.Hub.o.FPS, s.Hub.o.HasVideo, s.Seconds, s.GOP)
	s.begun = newZeroTime()
	s.ended, s.failed = make(chan struct{}), make(chan struct{})
	s.convert, s.publish = make(chan *segment, s.MaxPending), make(chan *segment, s.MaxPending)
	delivering, hurry := context.WithCancel(context.WithoutCancel(ctx))
	taking, stop := context.WithCancel(ctx)
	s.stop, s.hurry = stop, hurry
	s.sub = s.Hub.Subscribe("segments "+filepath.Base(s.Names.Playlist), Lossless{s.MaxQueue})
	go func() {
		defer close(s.convert)
		defer s.sub.Close()
		if err := s.record(taking); err != nil {
			s.fail(err)
		} else if s.count > 0 {
			s.ledger.note(step{Whole: true})
		}
	}()
	go func() {
		defer close(s.publish)
		s.convertAll(delivering)
	}()
	go func() {
		defer close(s.ended)
		s.publishAll(delivering)
	}()
	return nil
}

func (s *Segments) defaults() {
	if s.FS == nil {
		s.FS = workfile.OS()
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.MaxPending <= 0 {
		s.MaxPending = 900
	}
}

// Begin tells when the first segment begins.
func (s *Segments) Begin(zero time.Time) { s.begun.set(zero) }

// Done closes when the disk, the queue or the store failed. What was delivered
// until then stays, and Finish ends its playlists.
func (s *Segments) Done() <-chan struct{} { return s.failed }

// Progress is what is delivered and listed.
func (s *Segments) Progress() Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made
}

// fail keeps the first error.
func (s *Segments) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		close(s.failed)
	}
}

func (s *Segments) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Finish waits until the last segment is delivered and the playlists are ended.
// The end of ctx ends the waiting for stores; what they did not take by then is
// an error.
func (s *Segments) Finish(ctx context.Context) (Result, error) {
	unhurried := context.AfterFunc(ctx, func() {
		s.Log.Warn("segments are cut short", "err", context.Cause(ctx), "playlist", s.Names.Playlist)
		s.stop()
		s.hurry()
	})
	defer unhurried()
	s.begun.giveUp()
	<-s.ended
	s.stop()
	s.hurry()
	made, err := s.Progress(), s.failure()
	if made.Count == 0 {
		err = errors.Join(err, ErrNothing)
	}
	if gone := s.leave(); gone != nil && s.failure() == nil {
		s.Log.Warn("work folder of segments stays", "err", gone)
	}
	if err != nil {
		return made, fmt.Errorf("segments of %s: %w", filepath.Base(s.Names.Playlist), err)
	}
	return made, nil
}

// leave removes the work folder, unless it is to be kept. After a failure what is in it stays, for another try.
func (s *Segments) leave() error {
	if s.Keep {
		return s.ledger.close(false)
	}
	err := s.ledger.close(s.failure() == nil)
	if s.FMP4 && s.count > 0 && s.failure() == nil {
		err = errors.Join(err, s.FS.Remove(filepath.Join(s.Work, initFile)))
	}
	return errors.Join(err, s.FS.Remove(s.Work))
}
