package session

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

// ErrOver is what a session answers after its end.
var ErrOver = psrpc.NewErrorf(psrpc.NotFound, "egress not found")

// weighEvery is how often a file with a limit is weighed.
const weighEvery = 500 * time.Millisecond

// Session is one egress. Make it with New and run it once.
type Session struct {
	plan    *plan.Plan
	status  *status
	log     *slog.Logger
	source  Source
	syncer  *workfile.Syncer
	ingests *outputs.Ingests
	space   func(path string) (workfile.Space, error)
	drain   time.Duration // 0 = the usual

	messages chan message
	done     chan struct{}
	meter    meter

	// Owned by Run's goroutine.
	recorder recorder
	streams  *streamsReport // nil when the plan has no streams
	stop     *ending        // the first wish to end, from outside
	limit    limit
	weigh    <-chan time.Time // when the file's size is to be looked at
	noStart  <-chan time.Time // fires when the start signal has been awaited long enough
	awaiting bool             // the source is open and its start signal is awaited
	gap      gap
	losses   atomic.Int32 // gap.lost, for others
	held     []message    // what must wait until the egress has started

	ceded     bool              // another worker has taken the egress over
	refused   bool              // a store will not have what is recorded
	recording bool              // media is being recorded
	leftover  bool              // something in the work dir is worth another try
	owed      map[string]string // why uploads are not confirmed yet, by debt

	debug      *debugFiles
	debts      *Debts // nil = no stores and no record
	home       *uploads.Home
	record     *recorded
	onRecorded func()
	kept       *kept // nil = no journal
	made       made
	manifests  []plan.Manifest
	shipped    atomic.Int64 // debts that were made
}

// message asks the session's goroutine for something; reply gets the info as it stands afterwards.
type message struct {
	stop   string // a reason to end; empty = only tell the info
	update *streamUpdate
	pause  *pauseWish
	do     func() // run it; nothing is replied
	reply  chan answer
}

type answer struct {
	info *livekit.EgressInfo
	err  error
}

// Options are what sessions get from the process that runs them.
type Options struct {
	// OnUpdate is called from the session's goroutine for every state after STARTING with a copy of
	// the info; it must not block for long.
	OnUpdate func(*livekit.EgressInfo)
	// Syncer is shared by all sessions with the same work dir.
	Syncer *workfile.Syncer
	// Browsers that wait for an egress; nil = each is launched when it is asked for.
	Browsers *browser.Pool
	// Ingests tells where Twitch wants streams; nil = it is asked for each egress.
	Ingests *outputs.Ingests
	// Debts keeps what is to be uploaded, and the egress' record, on disk; nil = neither can be.
	Debts *Debts
	// Recorded is called when all media is recorded and only uploads remain; nil = nobody is told.
	Recorded func()
	Log      *slog.Logger // nil discards

	// Tests replace these.
	space func(path string) (workfile.Space, error)
	drain time.Duration
}

// New makes the session of an accepted plan.
func New(p *plan.Plan, o Options) *Session {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Ingests == nil {
		o.Ingests = &outputs.Ingests{Log: o.Log}
	}
	log := o.Log.With("egressID", p.EgressID)
	record := newRecorded(p, o.Debts, log)
	tell := func(info *livekit.EgressInfo) {
		record.info(info)
		o.OnUpdate(info)
	}
	if o.Recorded == nil {
		o.Recorded = func() {}
	}
	if o.space == nil {
		o.space = workfile.SpaceOf
	}
	s := &Session{
		plan:       p,
		debug:      newDebugFiles(p, log),
		debts:      o.Debts,
		record:     record,
		onRecorded: o.Recorded,
		space:      o.space,
		drain:      o.drain,
		status:     &status{info: p.Info, onUpdate: tell, now: time.Now, log: log},
		syncer:     o.Syncer,
		ingests:    o.Ingests,
		log:        log,
		messages:   make(chan message),
		done:       make(chan struct{}),
	}
	switch {
	case p.Passthrough:
		track := newTrackRecording(p, o.Syncer, log)
		track.ship, track.record, track.debug = s.ship, record, s.debug
		s.source = track
	case p.Source.Page():
		s.source = newBrowserSource(p, o.Browsers, s.debug.console(), log)
	default:
		s.source = newComposedSource(p, s.debug, log)
	}
	return s
}

// Done is closed when Run has returned.
func (s *Session) Done() <-chan struct{} { return s.done }

// Stop asks the session to end gracefully for the reason given and returns its info right away:
// ENDING, or ABORTED when it had not become active. A repeated Stop changes nothing.
func (s *Session) Stop(ctx context.Context, reason string) (*livekit.EgressInfo, error) {
	return s.ask(ctx, message{stop: reason})
}

// Info is a copy of the session's info as it stands.
func (s *Session) Info(ctx context.Context) (*livekit.EgressInfo, error) {
	return s.ask(ctx, message{})
}

func (s *Session) ask(ctx context.Context, m message) (*livekit.EgressInfo, error) {
	m.reply = make(chan answer, 1)
	select {
	case s.messages <- m:
		a := <-m.reply
		return a.info, a.err
	case <-s.done:
		return nil, ErrOver
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Run records until the source ends, Stop is called, a limit is reached, something breaks or ctx
// ends (which is a graceful end too: the service shuts down). It returns the terminal info; by then
// the file is delivered and nothing that the egress started is left. Where an upload was left to another
// process the info is not terminal. Release is to be called when the terminal info has arrived.
func (s *Session) Run(ctx context.Context) *livekit.EgressInfo {
	defer close(s.done)
	s.limit = newLimit(s.plan.MaxDuration)
	defer s.limit.stop()
	if s.plan.MaxSize > 0 {
		t := time.NewTicker(weighEvery)
		defer t.Stop()
		s.weigh = t.C
	}
	e := s.guard(func() *ending { return s.run(ctx) })
	s.finish(e)
	s.debug.end(!s.ceded)
	if s.debts == nil && !s.leftover {
		s.removeWorkDir()
	}
	return s.status.snapshot()
}

// Ceded tells, once Run has returned, that another worker has the egress now: its end is not this one's to tell.
func (s *Session) Ceded() bool { return s.ceded }

// guard turns a panic of this egress into its failure: other egresses and the file go on.
func (s *Session) guard(fn func() *ending) (e *ending) {
	if err := contain(s.log, func() error { e = fn(); return nil }); err != nil {
		return failure(err)
	}
	return e
}

// run is the egress up to the moment its end is decided.
func (s *Session) run(ctx context.Context) *ending {
	if err := s.step(ctx, s.prepare); err != nil || s.stop != nil {
		return s.decide(err)
	}
	if s.plan.NamedLater() {
		s.plan.TellNames()
	}
	if e := s.awaitStart(ctx); e != nil {
		return e
	}
	s.log.Debug("source has started", "since", s.plan.Age())
	zero, err := s.recorder.begin()
	if err != nil {
		return failure(err)
	}
	s.log.Info("recording", "path", s.plan.File.Path, "outputs", len(s.recorder.outlets()), "firstFrame", zero.Sub(s.plan.AcceptedAt))
	s.gap.begin(zero)
	s.setStarted(zero)
	s.meter.begin(s.recorder)
	s.recording = true
	s.status.active()
	s.release()
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	recording := s.recorder
	go s.watchSpace(watching, s.volumes(), func() int64 { return recording.progress().Bytes })
	if s.kept != nil {
		go s.kept.watch(s.recorder.(*pipeline), zero)
	}
	return s.await(ctx, EventEnded)
}

// awaitStart waits for the start signal, no longer than the plan allows.
func (s *Session) awaitStart(ctx context.Context) *ending {
	if d := s.plan.Source.StartTimeout; d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		s.noStart = t.C
	}
	s.awaiting = s.plan.Source.Page()
	if e := s.await(ctx, EventStarted); e != nil {
		return e
	}
	s.awaiting, s.noStart = false, nil
	return nil
}

// decide tells what ends the egress when a step returned: the step's own error counts, unless there was a wish to end,
// which has cut the step short and was answered as such. Who has been evicted is, all the same.
func (s *Session) decide(err error) *ending {
	if s.stop != nil && !errors.Is(err, rtpfeed.ErrEvicted) {
		return s.stop
	}
	return failure(err)
}

// prepare makes the recorder and opens the source.
func (s *Session) prepare(ctx context.Context) error {
	if err := s.roomy(); err != nil {
		return err
	}
	if err := s.settle(); err != nil {
		return err
	}
	s.debug.begin()
	s.probe(ctx)
	ffmpeg, err := findFFmpeg(s.plan.FFmpeg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if track, ok := s.source.(*trackRecording); ok {
		track.ffmpeg = ffmpeg
		s.recorder = track
		return track.Open(ctx)
	}
	patience := browser.Patience(s.plan.Format.FPS)
	if tracks, ok := s.source.(*composedSource); ok {
		s.kept = s.keepJournal()
		tracks.ffmpeg, tracks.kept, patience = ffmpeg, s.kept, 0
	}
	opened := s.openBeside(ctx)
	defer func() { cancel(); _ = opened() }()
	if s.plan.NamedLater() {
		if err := s.nameOutputs(opened); err != nil {
			return err
		}
	}
	cores, _ := admit.Cores() // what is wrong with its variable was told when the node started
	// The pipeline outlives this step: its end is drain, not a context.
	p, err := newPipeline(context.WithoutCancel(ctx), pipelineOptions{
		Source: s.source.(ProgrammeSource), Format: s.plan.Format, FFmpeg: ffmpeg,
		Encode: s.plan.Encodes(), Encoder: s.plan.Encoder.LightOn(cores), Log: s.log,
		Patience: patience, Drain: s.drain,
		Outlets: s.newOutlets(ctx, ffmpeg),
	})
	var known psrpc.Error
	if errors.As(err, &known) {
		return err
	}
	if err != nil {
		return psrpc.NewErrorf(psrpc.Internal, "failed to launch ffmpeg: %w", err)
	}
	s.recorder = p
	s.log.Debug("encoder is up", "since", s.plan.Age())
	return opened()
}

// findFFmpeg tells at once, and in words, when there is none.
func findFFmpeg(name string) (string, error) {
	if name == "" {
		name = "ffmpeg"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", psrpc.NewErrorf(psrpc.Internal, "failed to launch ffmpeg: install it (Debian package \"ffmpeg\") or name its path in binaries.ffmpeg: %w", err)
	}
	return path, nil
}
