package outputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// ImageSuffix is what tells one picture's name from another's.
type ImageSuffix int

// The suffixes that the API has.
const (
	ImageIndex     ImageSuffix = iota // a number
	ImageTimestamp                    // when it was taken
	ImageOverwrite                    // none: the newest replaces the one before
)

// Gallery is where pictures come from: the programme.
type Gallery interface {
	Attach(programme.Consumer)
	Format() programme.Format
}

// Images keeps a JPEG of the programme's picture every now and then, the first
// one at once. It takes no part in the encoding.
type Images struct {
	Programme     Gallery
	FS            workfile.FS // nil = the system's
	Deliver       Deliver
	Work          string // folder of this output's own; made by Start, gone after Finish unless Keep
	Keep          bool   // the ledger stays in Work until its owner removes it: Resume works until then
	Prefix        string // storage path of a picture up to its suffix
	Suffix        ImageSuffix
	Interval      int // seconds
	Width, Height int // of the picture, which is contained in it; 0 = the programme's
	// LeftOut tells how much time was cut out before a place of the media; nil = none ever is.
	LeftOut LeftOut
	// MaxPending bounds the pictures that wait for their store; 0 = 4.
	MaxPending int
	Log        *slog.Logger // nil discards

	shutter *shutter
	begun   *zeroTime
	hurry   context.CancelFunc // ends the waiting for the store
	ledger  *ledger            // nil while they are resumed
	publish chan picture       // closed when nothing more comes
	ended   chan struct{}      // everything is delivered
	failed  chan struct{}      // closed when err is set

	mu   sync.Mutex
	err  error // why it failed by itself
	made Result
}

// picture is a finished picture on its way to the store.
type picture struct {
	number     int64
	path, name string
}

const typeJPEG = "image/jpeg"

var _ Output = (*Images)(nil)

// Start begins to watch the programme. Its error is that Work can not be made.
func (i *Images) Start(ctx context.Context) error {
	i.defaults()
	if err := workfile.MakeFolder(i.FS, i.Work); err != nil {
		return fmt.Errorf("work folder of images: %w", err)
	}
	i.ledger = &ledger{fs: i.FS, path: filepath.Join(i.Work, ledgerFile), log: i.Log}
	f := i.Programme.Format()
	if i.Width <= 0 {
		i.Width = f.Width
	}
	if i.Height <= 0 {
		i.Height = f.Height
	}
	i.begun = newZeroTime()
	i.publish, i.ended, i.failed = make(chan picture, i.MaxPending), make(chan struct{}), make(chan struct{})
	i.shutter = newShutter(int64(max(1, i.Interval)) * int64(f.FPS))
	delivering, hurry := context.WithCancel(context.WithoutCancel(ctx))
	i.hurry = hurry
	go func() {
		defer close(i.publish)
		defer i.shutter.discard()
		if err := i.develop(); err != nil {
			i.fail(err)
			return
		}
		i.ledger.note(step{Whole: true})
	}()
	go func() {
		defer close(i.ended)
		i.publishAll(delivering)
	}()
	i.Programme.Attach(i.shutter)
	return nil
}

func (i *Images) defaults() {
	if i.FS == nil {
		i.FS = workfile.OS()
	}
	if i.Log == nil {
		i.Log = slog.New(slog.DiscardHandler)
	}
	i.MaxPending = max(i.MaxPending, 4)
}

// Begin tells when the first picture was taken.
func (i *Images) Begin(zero time.Time) { i.begun.set(zero) }

// Done closes when the disk or the store failed.
func (i *Images) Done() <-chan struct{} { return i.failed }

// Progress is what is delivered.
func (i *Images) Progress() Result {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.made
}

func (i *Images) fail(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err == nil {
		i.err = err
		close(i.failed)
	}
}

func (i *Images) failure() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.err
}

// develop makes files of the pictures, one after the other, until no more come.
func (i *Images) develop() error {
	f := i.Programme.Format()
	room := newDarkroom(f, i.Width, i.Height)
	var jpeg bytes.Buffer
	for count := int64(0); ; count++ {
		shot, ok := i.shutter.next()
		if !ok {
			return nil
		}
		jpeg.Reset()
		err := room.develop(&jpeg, shot.frame.Pix)
		shot.frame.Release()
		if err != nil {
			return fmt.Errorf("JPEG: %w", err)
		}
		zero, ok := i.begun.wait()
		if !ok {
			return nil // finished before the programme has told its beginning
		}
		at, _ := i.LeftOut.wall(zero, f.Timeline().FrameTime(shot.slot))
		finished := picture{
			number: count,
			path:   i.path(count),
			name:   i.Prefix + i.suffix(count, at) + ".jpeg",
		}
		if err := writeNew(i.FS, finished.path, jpeg.Bytes()); err != nil {
			return fmt.Errorf("write image: %w", err)
		}
		i.ledger.note(step{Number: count, Name: finished.name})
		select {
		case i.publish <- finished:
		default:
			return &QueueFullError{"image", i.MaxPending}
		}
	}
}

func (i *Images) path(number int64) string {
	return filepath.Join(i.Work, fmt.Sprintf("%05d.jpeg", number))
}

func (i *Images) suffix(count int64, at time.Time) string {
	switch i.Suffix {
	case ImageTimestamp:
		return timeSuffix(at)
	case ImageOverwrite:
		return ""
	}
	return indexSuffix(count)
}

// publishAll delivers the pictures in order, up to the first failure.
func (i *Images) publishAll(ctx context.Context) {
	for finished := range i.publish {
		if i.failure() != nil {
			continue
		}
		there, err := i.Deliver.Deliver(ctx, Delivery{Path: finished.path, Name: finished.name, Type: typeJPEG})
		if err != nil {
			i.fail(fmt.Errorf("image %s: %w", path.Base(finished.name), err))
			continue
		}
		i.ledger.note(step{Number: finished.number, Told: true, Size: there.Size})
		i.tell(there)
	}
}

func (i *Images) tell(there Delivered) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.made.Count++
	i.made.Size += there.Size
	i.made.Path = there.Location
}

// Finish waits until the last picture is delivered.
func (i *Images) Finish(ctx context.Context) (Result, error) {
	unhurried := context.AfterFunc(ctx, func() {
		i.Log.Warn("images are cut short", "err", context.Cause(ctx), "prefix", i.Prefix)
		i.hurry()
	})
	defer unhurried()
	i.begun.giveUp()
	i.shutter.close()
	<-i.ended
	i.hurry()
	made := i.Progress()
	made.Duration = i.Programme.Format().Timeline().FrameTime(i.shutter.slots())
	if left := i.shutter.left(); left > 0 {
		made.Note = fmt.Sprintf("%d images left out for lack of time", left)
	}
	err := i.failure()
	if made.Count == 0 {
		err = errors.Join(err, ErrNothing)
	}
	if gone := i.leave(); gone != nil && err == nil {
		i.Log.Warn("work folder of images stays", "err", gone)
	}
	if err != nil {
		return made, fmt.Errorf("images %s: %w", path.Base(i.Prefix), err)
	}
	return made, nil
}

// leave removes the work folder, unless it is to be kept.
func (i *Images) leave() error {
	if i.Keep {
		return i.ledger.close(false)
	}
	return errors.Join(i.ledger.close(i.failure() == nil), i.FS.Remove(i.Work))
}
