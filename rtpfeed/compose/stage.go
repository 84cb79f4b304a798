package compose

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/clock"
	"github.com/ffegress/ffegress/rtpfeed/journal"
	"github.com/ffegress/ffegress/rtpfeed/sound"
)

// tick is how often the stage looks what is due.
const tick = 20 * time.Millisecond

// Options say what a stage makes of its tracks.
type Options struct {
	Format programme.Format
	FFmpeg string // the program that decodes pictures
	// Live says that somebody watches: nothing is held back longer than Patience.
	Live bool
	// Patience is how long a lost packet is waited for (config jitter_buffer_latency).
	Patience time.Duration
	// Journal is told all that comes, see Again; nil = nobody is.
	Journal *journal.Log
	Log     *slog.Logger // nil discards
}

// Stage is where the tracks of one recording come together. Its methods may be called from any goroutine.
type Stage struct {
	o     Options
	log   *slog.Logger
	epoch time.Time
	first chan struct{} // closed with the first media
	wg    sync.WaitGroup

	mu       sync.Mutex
	groups   map[string]*clock.Group // by participant's identity
	voices   []*voice
	pictures []*picture
	children map[*child]bool // that run
	open     int             // sinks that are not closed
	firstAt  time.Duration
	since    time.Duration // now, since epoch, as of the last step of pump
	hold     hold
	again    bool // it is made of a journal
	begun    bool
	ended    bool
	stop     chan struct{}
	rank     int64 // of the picture shown last
	stats    Stats

	// Set by Begin, read by goroutines that it starts.
	programme *programme.Programme
	zero      time.Duration // of the timeline, since epoch
}

// Stats are a stage's counters.
type Stats struct {
	Tracks        int   // sinks made
	Pictures      int64 // decoded and shown
	Hidden        int64 // decoded and not shown
	Undecodable   int64 // units dropped because the chain was broken
	Breaks        int64 // times that it was broken
	Decoders      int64 // started
	Running       int   // of them now
	DecoderDeaths int64
	BadPackets    int64 // of sound, that could not be decoded
	// Correction is by how much a participant's timeline was moved under its media so far, at most.
	Correction time.Duration
}

// New makes an empty stage.
func New(o Options) *Stage {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Stage{
		o: o, log: o.Log, epoch: time.Now(), first: make(chan struct{}), stop: make(chan struct{}),
		groups: map[string]*clock.Group{}, children: map[*child]bool{},
		hold: hold{live: o.Live, match: o.Format.Audio && o.Format.Video, patient: o.Patience},
	}
}

// First is closed when the first media has come.
func (s *Stage) First() <-chan struct{} { return s.first }

// Sink makes the sink of a track. side is where its sound goes; keys may be nil.
func (s *Stage) Sink(t rtpfeed.Track, side sound.Side, keys rtpfeed.Keyframer) rtpfeed.Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Journal.Note(&journal.Event{Kind: journal.Opened, Track: s.stats.Tracks, At: time.Since(s.epoch), Side: int(side), About: t})
	return s.sink(t, side, keys)
}

// sink is called locked.
func (s *Stage) sink(t rtpfeed.Track, side sound.Side, keys rtpfeed.Keyframer) *sink {
	g := s.groups[t.Identity]
	if g == nil {
		g = &clock.Group{}
		s.groups[t.Identity] = g
	}
	k := &sink{stage: s, number: s.stats.Tracks, clock: g.Track(!t.Codec.Video(), rate(t))}
	s.stats.Tracks++
	s.open++
	if t.Codec.Video() {
		p := newPicture(s, t, k.clock, keys)
		k.queue = &p.queue
		s.pictures = append(s.pictures, p)
		if s.begun && !s.ended {
			s.run(p)
		}
	} else {
		v := newVoice(s, t, side)
		k.queue = &v.queue
		s.voices = append(s.voices, v)
	}
	return k
}

// rate is the track's RTP clock; G.711's is always 8 kHz and every picture's 90 kHz.
func rate(t rtpfeed.Track) uint32 {
	switch {
	case t.ClockRate > 0:
		return t.ClockRate
	case t.Codec.Video():
		return 90000
	case t.Codec == rtpfeed.Opus:
		return sound.SampleRate
	}
	return 8000
}

// ErrNoMedia is Begin's error before the first media.
var ErrNoMedia = errors.New("compose: no media yet")

// Begin starts the programme's timeline at the arrival of the first media and lets what is due flow into it. It returns
// that moment.
func (s *Stage) Begin(p *programme.Programme) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.first:
	default:
		return time.Time{}, ErrNoMedia
	}
	if s.begun || s.ended {
		return s.epoch.Add(s.zero), nil
	}
	s.begun, s.programme, s.zero = true, p, s.firstAt
	zero := s.epoch.Add(s.zero)
	if s.again {
		p.SetDelay(time.Since(zero) + 2*lead)
		p.Attach(pace{s})
	} else {
		p.SetDelay(s.hold.first())
	}
	p.Start(zero)
	for _, pic := range s.pictures {
		s.run(pic)
	}
	s.wg.Go(s.pump)
	return zero, nil
}

// run is called locked.
func (s *Stage) run(p *picture) { s.wg.Go(p.run) }

// Close ends everything at once. What the programme has not emitted by then is lost.
func (s *Stage) Close() {
	s.mu.Lock()
	if !s.ended {
		s.ended = true
		close(s.stop)
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Stats are the counters as of now.
func (s *Stage) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Running = len(s.children)
	for _, g := range s.groups {
		st.Correction = max(st.Correction, g.Moved().Abs())
	}
	return st
}

// PIDs are the decoders that run.
func (s *Stage) PIDs() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := make([]int, 0, len(s.children))
	for k := range s.children {
		pids = append(pids, k.decoder.Proc().PID())
	}
	return pids
}

// pump moves what is due from the queues to where it is decoded, until Close.
func (s *Stage) pump() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			s.mu.Lock()
			voices := s.voices
			s.mu.Unlock()
			for _, v := range voices {
				v.close()
			}
			return
		case <-ticker.C:
			s.move()
		}
	}
}

// move is one step of pump.
func (s *Stage) move() {
	now, _ := s.programme.Now()
	s.mu.Lock()
	s.since = time.Since(s.epoch)
	for _, g := range s.groups {
		g.Advance(s.since)
	}
	s.settle(now)
	voices := s.voices
	for _, p := range s.pictures {
		p.fill(now + lead)
	}
	s.mu.Unlock()
	gone := false
	for _, v := range voices {
		v.play(now)
		gone = gone || v.over
	}
	if gone {
		s.retire()
	}
}

// settle makes the delay as short as it can be. Called locked.
func (s *Stage) settle(now time.Duration) {
	waited := s.since - s.firstAt
	if s.hold.ready(s.synced(), waited) {
		s.log.Debug("delay is settled", "synced", s.synced(), "after", waited)
		if begin := waited + 2*lead; begin < s.hold.aim {
			s.programme.SetDelay(begin)
		}
	}
	need := s.hold.need(s.since, s.missing())
	switch longer, shorter := s.hold.change(s.since-s.zero-now, need); {
	case longer:
		s.programme.SetDelay(need)
	case shorter:
		s.programme.EaseDelay(need)
	}
}

// missing is for how long some track has been awaited that came regularly before, unless it has been for too long. Called
// locked.
func (s *Stage) missing() time.Duration {
	var most time.Duration
	look := func(q *queue) {
		if m := q.flow.missing(s.since); m < s.hold.longest() {
			most = max(most, m)
		}
	}
	for _, v := range s.voices {
		look(&v.queue)
	}
	for _, p := range s.pictures {
		look(&p.queue)
	}
	return most
}

// came notes by how much what is due came later than its place. Called locked.
func (s *Stage) came(e *entry) {
	s.hold.late.add(s.since, e.came-s.zero-e.at)
}

// retire forgets the voices that have ended.
func (s *Stage) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keep []*voice
	for _, v := range s.voices {
		if !v.over {
			keep = append(keep, v)
		}
	}
	s.voices = keep
}

// synced tells that every track that is open has had a report. Called locked.
func (s *Stage) synced() bool {
	synced := 0
	for _, g := range s.groups {
		n, ok := g.Synced()
		if !ok {
			return false
		}
		synced += n
	}
	return synced >= s.open
}

// place is where an entry stands on the timeline. Called locked.
func (s *Stage) place(e *entry) time.Duration {
	if e.kind == media {
		return e.clock.At(e.ticks) - s.zero
	}
	return e.at - s.zero
}
