package compose

import (
	"fmt"
	"io"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/rtpfeed/journal"
	"github.com/ffegress/ffegress/rtpfeed/sound"
)

// Again makes a stage of what a dead process has written down, as if all of it had just come, and tells how long that is
// from the first media on. Begin starts its programme at the same media as that process did: who called it then stops the
// programme at zero + length, and it hurries through what there is. Without media the error is ErrNoMedia.
func Again(o Options, from io.Reader) (s *Stage, length time.Duration, err error) {
	o.Journal, o.Live = nil, true // nothing more can come, so that nothing is waited for
	s = New(o)
	s.again = true
	var sinks []*sink
	last := time.Duration(0)
	err = journal.Read(from, func(e journal.Event) error {
		last = max(last, e.At, e.Came)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case e.Kind == journal.Opened:
			k := s.sink(e.About, sound.Side(e.Side), nil)
			k.queue.unbounded = true
			sinks = append(sinks, k)
		case e.Track < len(sinks):
			sinks[e.Track].take(&e)
		default:
			return fmt.Errorf("compose again: track %d of %d", e.Track, len(sinks))
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	select {
	case <-s.first:
	default:
		return nil, 0, ErrNoMedia
	}
	s.epoch = time.Now().Add(-last)
	return s, last - s.firstAt, nil
}

// fedAhead is how far behind what it was fed a decoder may be: a few pictures.
const fedAhead = 150 * time.Millisecond

// pace keeps a programme that hurries from leaving the decoders behind.
type pace struct{ stage *Stage }

var _ programme.Consumer = pace{}

func (pace) VideoFrame(int64, *programme.Frame, bool) {}
func (pace) AudioBlock(int64, []int16)                {}
func (pace) End(int64, int64)                         {}

// Behind tells that a decoder is.
func (p pace) Behind() bool {
	p.stage.mu.Lock()
	defer p.stage.mu.Unlock()
	for k := range p.stage.children {
		if time.Duration(k.fed.Load()-k.got.Load())*time.Microsecond > fedAhead {
			return true
		}
	}
	return false
}
