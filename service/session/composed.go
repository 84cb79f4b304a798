package session

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/compose"
	"github.com/ffegress/ffegress/rtpfeed/sound"
	"github.com/ffegress/ffegress/service/plan"
)

var _ ProgrammeSource = (*composedSource)(nil)

// composedSource is tracks of a room, put onto a programme without a browser.
type composedSource struct {
	plan   *plan.Plan
	ffmpeg string
	kept   *kept // may be nil
	debug  *debugFiles
	log    *slog.Logger
	events chan Event
	life   context.Context // ends with Close
	end    context.CancelFunc
	wg     sync.WaitGroup
	room   *rtpfeed.Room
	stage  *compose.Stage

	mu     sync.Mutex
	sounds int            // tracks of sound so far
	named  *rtpfeed.Track // whose publisher the file may be named after: a picture's before a sound's
}

func newComposedSource(p *plan.Plan, debug *debugFiles, log *slog.Logger) *composedSource {
	s := &composedSource{plan: p, debug: debug, log: log}
	s.events = make(chan Event, EventRestored+1)
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

func (s *composedSource) Events() <-chan Event { return s.events }

// Open joins the room and waits for what is wanted of it.
func (s *composedSource) Open(ctx context.Context) error {
	src := s.plan.Source
	stage := compose.New(compose.Options{
		Format: s.plan.Format, FFmpeg: s.ffmpeg, Live: s.plan.Live(), Patience: src.Wait, Log: s.log,
		Journal: s.kept.events(),
	})
	s.mu.Lock()
	s.stage = stage
	s.mu.Unlock()
	room, err := rtpfeed.Join(ctx, rtpfeed.Options{
		URL: src.WSURL, Want: src.Want, Grace: src.Grace, Wait: src.Wait, Log: s.log,
		Width: uint32(s.plan.Format.Width), Height: uint32(s.plan.Format.Height),
		Token: func() (string, error) {
			renewed, err := src.Renewed()
			return renewed.Token.Reveal(), err
		},
		Sink: s.sink,
	})
	if err != nil {
		return roomError(err)
	}
	s.mu.Lock()
	s.room = room
	s.mu.Unlock()
	s.log.Debug("room is joined", "since", s.plan.Age())
	s.wg.Go(s.watch)
	return nil
}

// sink makes the way of a track onto the programme. It is called from the room's goroutine.
func (s *composedSource) sink(t rtpfeed.Track, channel rtpfeed.Channel, keys rtpfeed.Keyframer) (rtpfeed.Sink, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.named == nil || t.Codec.Video() && !s.named.Codec.Video() {
		s.named = &t
	}
	side := sides[channel]
	if !t.Codec.Video() {
		side = s.side(t, side)
		s.sounds++
	}
	s.log.Debug("track", "track", t.SID, "identity", t.Identity, "codec", t.Codec, "side", side)
	return s.debug.track(t, s.stage.Sink(t, side, keys)), nil
}

var sides = map[rtpfeed.Channel]sound.Side{rtpfeed.Both: sound.Both, rtpfeed.Left: sound.Left, rtpfeed.Right: sound.Right}

// side is where a request's audio mixing puts a track of sound. Called locked.
func (s *composedSource) side(t rtpfeed.Track, routed sound.Side) sound.Side {
	switch s.plan.Source.Mixing {
	case livekit.AudioMixing_DUAL_CHANNEL_AGENT:
		if t.ParticipantKind == livekit.ParticipantInfo_AGENT {
			return sound.Left
		}
		return sound.Right
	case livekit.AudioMixing_DUAL_CHANNEL_ALTERNATE:
		if s.sounds%2 == 0 {
			return sound.Left
		}
		return sound.Right
	}
	return routed
}

// publisher is the track that the file may be named after, once the room is joined.
func (s *composedSource) publisher() (t rtpfeed.Track, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.named == nil {
		return t, false
	}
	return *s.named, true
}

// watch tells the first media and the end of the room.
func (s *composedSource) watch() {
	first := s.stage.First()
	for {
		select {
		case <-first:
			first = nil
			s.events <- Event{Kind: EventStarted}
		case <-s.room.Done():
			if err := s.room.Err(); err != nil {
				s.events <- Event{Kind: EventFailed, Err: roomError(err)}
			} else {
				s.events <- Event{Kind: EventEnded}
			}
			return
		case <-s.life.Done():
			return
		}
	}
}

func (s *composedSource) Begin(p *programme.Programme) (time.Time, error) { return s.stage.Begin(p) }

// End is for what is not to be recorded any more; the programme is at its end already.
func (s *composedSource) End() {}

// Close leaves the room.
func (s *composedSource) Close(context.Context) error {
	s.end()
	if s.room != nil {
		s.room.Close()
	}
	s.wg.Wait()
	if s.stage != nil {
		s.stage.Close()
		s.log.Debug("tracks are closed", "stats", s.stage.Stats())
	}
	return nil
}

// nameOutputs waits for the tracks that the outputs are named after.
func (s *Session) nameOutputs(opened func() error) error {
	if err := opened(); err != nil {
		return err
	}
	track, _ := s.source.(*composedSource).publisher()
	return s.plan.NamePublisher(track.Identity)
}
