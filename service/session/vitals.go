package session

import (
	"maps"
	"slices"
	"time"
)

// pictureWeight is how many tracks of sound the pictures of one egress are worth in this process: reading a screen, or
// placing what decoders give, and filling the encoder's pipe.
const pictureWeight = 16

// Work is what a session has the machine do.
type Work struct {
	// PIDs are its children that live for long. Those that make or send a file at its end are not among them.
	PIDs []int
	// Weight is its part of the work in this process, in tracks of sound.
	Weight int
}

// Vitals is how a session fares, for those who watch the node.
type Vitals struct {
	Progress   Progress
	Recording  bool
	PageLosses int           // times that the page was lost
	Held       time.Duration // for which Chromium could not draw
	Keyframes  int64         // that publishers were asked for
	// Correction is by how much the timelines of the participants were moved under their media, at most, to keep sound
	// and picture together.
	Correction time.Duration
}

// laborious is a source or recorder with children or tracks.
type laborious interface {
	work() Work
}

// vital is a source that has vitals of its own to tell.
type vital interface {
	vitals(*Vitals)
}

// Work may be asked for from any goroutine.
func (s *Session) Work() Work {
	w := Work{Weight: 1}
	if s.plan.Format.Video {
		w.Weight = pictureWeight
	}
	parts := []any{s.source}
	if r := s.meter.recorder.Load(); r != nil && any(*r) != any(s.source) {
		parts = append(parts, *r)
	}
	for _, part := range parts {
		if l, ok := part.(laborious); ok {
			more := l.work()
			w.PIDs, w.Weight = append(w.PIDs, more.PIDs...), w.Weight+more.Weight
		}
	}
	return w
}

// Vitals may be asked for from any goroutine.
func (s *Session) Vitals() Vitals {
	v := Vitals{PageLosses: int(s.losses.Load())}
	v.Progress, v.Recording = s.Progress()
	if source, ok := s.source.(vital); ok {
		source.vitals(&v)
	}
	return v
}

func (s *browserSource) work() Work {
	if b := s.current(); b != nil {
		return Work{PIDs: slices.Collect(maps.Values(b.PIDs()))}
	}
	return Work{}
}

func (s *browserSource) vitals(v *Vitals) { v.Held = s.Held() }

func (s *composedSource) work() Work {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage == nil {
		return Work{}
	}
	return Work{PIDs: s.stage.PIDs(), Weight: s.stage.Stats().Tracks}
}

func (s *composedSource) vitals(v *Vitals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage != nil {
		v.Correction = s.stage.Stats().Correction
	}
	if s.room != nil {
		v.Keyframes = s.room.Keyframes()
	}
}

func (t *trackRecording) vitals(v *Vitals) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.room != nil {
		v.Keyframes = t.room.Keyframes()
	}
}

func (p *pipeline) work() (w Work) {
	if pid := p.encoded().PID; pid != 0 {
		w.PIDs = append(w.PIDs, pid)
	}
	for _, out := range p.outlets() {
		if set, ok := out.output.(*streamSet); ok {
			w.PIDs = append(w.PIDs, set.pids()...)
		}
	}
	return w
}

// pids are the children that send.
func (s *streamSet) pids() (pids []int) {
	for _, m := range s.members() {
		if pid := m.stream.PID(); pid != 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

var (
	_ laborious = (*browserSource)(nil)
	_ laborious = (*composedSource)(nil)
	_ laborious = (*pipeline)(nil)
	_ vital     = (*trackRecording)(nil)
)
