package session

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/plan"
)

const (
	// keyframeEvery is how far apart a passthrough's keyframes are at most, as far as the publisher obeys: a player
	// can begin only there.
	keyframeEvery = 4 * time.Second
	// tailWait is how long what was sent before the end is waited for: longer than Opus' silence is apart (400 ms).
	tailWait = 500 * time.Millisecond
	// trackBitrate is that of Opus that is made of G.711, kb/s.
	trackBitrate = 128
)

var (
	_ Source   = (*trackRecording)(nil)
	_ recorder = (*trackRecording)(nil)
)

// trackRecording records one track as it comes: source and recorder in one.
type trackRecording struct {
	plan   *plan.Plan
	ffmpeg string
	ship   func(plan.Store, string, string) func(context.Context, *outputs.Result) error // as Session's
	record *recorded
	debug  *debugFiles
	syncer *workfile.Syncer
	log    *slog.Logger

	events  chan Event
	over    chan struct{} // the output has failed
	room    *rtpfeed.Room
	watched sync.WaitGroup
	life    context.Context // ends with Close
	end     context.CancelFunc
	zero    atomic.Pointer[time.Time] // of the first packet in the file

	mu     sync.Mutex
	file   plan.File
	sink   trackSink // nil until the track is known
	outlet *outlet
}

// trackSink is where the track goes.
type trackSink interface {
	rtpfeed.Sink
	// End says when the recording ends.
	End(at time.Time)
	Stats() rtpfeed.PassthroughStats
}

func newTrackRecording(p *plan.Plan, syncer *workfile.Syncer, log *slog.Logger) *trackRecording {
	t := &trackRecording{plan: p, syncer: syncer, log: log, over: make(chan struct{})}
	t.events = make(chan Event, EventRestored+1)
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

func (t *trackRecording) Events() <-chan Event { return t.events }

// Open joins the room and waits for the track.
func (t *trackRecording) Open(ctx context.Context) error {
	src := t.plan.Source
	if t.plan.WebSocket != "" {
		// What is heard at once can not wait for long until what is lost was sent again.
		src.Wait = socketWait
	}
	room, err := rtpfeed.Join(ctx, rtpfeed.Options{
		URL: src.WSURL, Want: src.Want, Grace: src.Grace, Wait: src.Wait, KeyframeEvery: keyframeEvery, Log: t.log,
		Token: func() (string, error) {
			renewed, err := src.Renewed()
			return renewed.Token.Reveal(), err
		},
		Sink: t.open,
	})
	if err != nil {
		return roomError(err)
	}
	t.mu.Lock()
	t.room = room
	t.mu.Unlock()
	t.watched.Go(t.watch)
	return nil
}

// open makes the way of the track into its file. It is called from the room's goroutine.
func (t *trackRecording) open(track rtpfeed.Track, _ rtpfeed.Channel, _ rtpfeed.Keyframer) (rtpfeed.Sink, error) {
	sink, out, file, err := t.way(track)
	if err != nil {
		return nil, err
	}
	if err := out.output.Start(t.life); err != nil {
		return nil, err
	}
	t.watched.Go(func() {
		select {
		case <-out.output.Done():
			close(t.over)
		case <-t.life.Done():
		}
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.file, t.sink, t.outlet = file, sink, out
	return t.debug.track(track, sink), nil
}

// begun is told by the sink.
func (t *trackRecording) begun(at time.Time) {
	t.zero.Store(&at)
	t.events <- Event{Kind: EventStarted}
}

// way makes a track's sink and what is behind it.
func (t *trackRecording) way(track rtpfeed.Track) (trackSink, *outlet, plan.File, error) {
	if t.plan.WebSocket != "" {
		sink, out, err := t.socket(track)
		return sink, out, plan.File{}, err
	}
	file, err := t.plan.NameTrack(track)
	if err != nil {
		return nil, nil, file, err
	}
	if err := t.plan.PrepareFile(file); err != nil {
		return nil, nil, file, err
	}
	from, ext := ffpipe.Matroska, ".mkv"
	if track.Codec == rtpfeed.Opus {
		from, ext = ffpipe.Ogg, ".ogg"
	}
	out := &outputs.Passthrough{
		FFmpeg: t.ffmpeg, Syncer: t.syncer, Log: t.log, Bitrate: trackBitrate,
		Work: filepath.Join(t.plan.WorkDir, "work"+ext), From: from,
		Target: file.Path, To: file.Container, FS: t.plan.Ground.FS(),
	}
	sink := rtpfeed.NewPassthrough(track, out)
	out.Length = func() time.Duration { return sink.Stats().Duration }
	sink.Started = t.begun
	t.record.named(fileRecord{
		From: from, Container: file.Container, Work: inHome(t.plan.WorkDir, out.Work), Made: inHome(t.plan.WorkDir, file.Path),
		Name: file.Name, Type: file.Type, Store: t.plan.Stores.File,
	}, t.plan.ManifestsOf(file))
	return sink, &outlet{name: "file", output: out, ship: t.ship(t.plan.Stores.File, file.Name, file.Type)}, file, nil
}

// watch tells the end of the room.
func (t *trackRecording) watch() {
	select {
	case <-t.room.Done():
	case <-t.life.Done():
		return
	}
	if err := t.room.Err(); err != nil {
		t.events <- Event{Kind: EventFailed, Err: roomError(err)}
	} else {
		t.events <- Event{Kind: EventEnded}
	}
}

func (t *trackRecording) begin() (time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.plan.WebSocket != "" {
		t.outlet.report = socketReport{t.plan.Info.StreamResults[0], t.outlet, t.outlet.output.(socketOutput).State}
		return *t.zero.Load(), nil
	}
	t.plan.File = t.file
	for _, f := range t.plan.Info.FileResults {
		f.Filename = t.file.Name
	}
	t.outlet.report = newFileReport(t.plan.Info)
	return *t.zero.Load(), nil
}

func (t *trackRecording) broken() <-chan struct{} { return t.over }

func (t *trackRecording) failure() *ending { return &ending{reason: ReasonFailure} } // the output's Finish tells the error

func (t *trackRecording) cut(end time.Time) {
	t.mu.Lock()
	sink := t.sink
	t.mu.Unlock()
	if sink != nil {
		sink.End(end)
	}
}

func (t *trackRecording) stop() {
	if t.room != nil {
		t.tail(t.room.Done())
		t.room.Close()
	}
}

// tail waits until what was sent before the end has been read, which takes a packet on an idle node, or the track is left.
func (t *trackRecording) tail(left <-chan struct{}) {
	t.mu.Lock()
	sink, ok := t.sink.(interface{ Whole() <-chan struct{} })
	t.mu.Unlock()
	if !ok {
		return
	}
	timer := time.NewTimer(tailWait)
	defer timer.Stop()
	select {
	case <-sink.Whole():
	case <-left:
	case <-t.over:
	case <-timer.C:
	}
}

func (t *trackRecording) drain() error {
	t.mu.Lock()
	out, sink := t.outlet, t.sink
	t.mu.Unlock()
	if out == nil {
		return nil
	}
	if out.report == nil { // it was over before it began
		t.discard()
	}
	out.finish(context.Background(), t.log)
	out.result.Began = sink.Stats().Zero
	return nil
}

// outlets has the file once the recording has begun: before, there is nothing to tell of it.
func (t *trackRecording) outlets() []*outlet {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outlet == nil || t.outlet.report == nil {
		return nil
	}
	return []*outlet{t.outlet}
}

func (t *trackRecording) progress() Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sink == nil {
		return Progress{}
	}
	st := t.sink.Stats()
	made := t.outlet.output.Progress()
	return Progress{Elapsed: made.Duration, Frames: st.Units, Bytes: made.Size}
}

func (t *trackRecording) discard() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outlet != nil {
		t.outlet.discard()
	}
}

func (t *trackRecording) note() string { return "" }

func (t *trackRecording) counts() []any {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sink == nil {
		return nil
	}
	st := t.sink.Stats()
	return []any{"units", st.Units, "mediaBytes", st.Bytes, "packetsLost", st.Lost, "silencePackets", st.Silence, "unitsDropped", st.Dropped}
}

// Close leaves the room.
func (t *trackRecording) Close(context.Context) error {
	t.end()
	if t.room != nil {
		t.room.Close()
	}
	t.watched.Wait()
	return nil
}

// roomError gives an error of the room the code that clients know it by.
func roomError(err error) error {
	var (
		known    psrpc.Error
		notFound *rtpfeed.NotFoundError
		field    *rtpfeed.FieldError
		codec    *rtpfeed.CodecError
	)
	switch {
	case errors.As(err, &known), errors.Is(err, rtpfeed.ErrEvicted), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &notFound):
		return psrpc.NewError(psrpc.NotFound, err)
	case errors.As(err, &field), errors.As(err, &codec):
		return psrpc.NewError(psrpc.InvalidArgument, err)
	case errors.Is(err, rtpfeed.ErrEncrypted):
		return psrpc.NewError(psrpc.FailedPrecondition, err)
	}
	return psrpc.NewError(psrpc.Unavailable, err)
}
