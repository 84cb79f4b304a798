package compose

import (
	"errors"
	"fmt"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/clock"
	"github.com/ffegress/ffegress/rtpfeed/sound"
)

// padding is how far ahead of what is emitted a line that has no sound is silenced: beyond a block and a few ticks.
const padding = 80 * time.Millisecond

// voice is a track of sound. What is not said to be the stage's belongs to pump.
type voice struct {
	stage *Stage
	track rtpfeed.Track
	side  sound.Side
	queue queue // the stage's mutex guards it

	line    *programme.AudioLine
	joiner  sound.Joiner
	decoder sound.Decoder
	clock   *clock.Track // of the packet before
	ticks   int64        // where it ended, in ticks of the track's clock at 48 kHz
	pcm     []int16
	over    bool
}

func newVoice(s *Stage, t rtpfeed.Track, side sound.Side) *voice {
	return &voice{stage: s, track: t, side: side}
}

// newDecoder is for a codec of sound.
func newDecoder(c rtpfeed.Codec) (sound.Decoder, error) {
	switch c {
	case rtpfeed.Opus:
		return sound.NewOpus()
	case rtpfeed.PCMU:
		return sound.NewG711(sound.MuLaw), nil
	case rtpfeed.PCMA:
		return sound.NewG711(sound.ALaw), nil
	}
	return nil, fmt.Errorf("%v is not yet supported", c)
}

// play decodes what is due and silences what nobody sends.
func (v *voice) play(now time.Duration) {
	for !v.over {
		e, ok := v.next(now + lead)
		if !ok {
			break
		}
		switch e.kind {
		case media:
			v.packet(&e, now)
		case replaced:
			v.track, v.decoder = e.track, nil
			v.joiner.Restart()
		case closed:
			v.close()
		}
	}
	if v.line != nil && !v.over {
		v.joiner.Pad(v.line48(now + padding))
	}
}

func (v *voice) next(until time.Duration) (entry, bool) {
	v.stage.mu.Lock()
	defer v.stage.mu.Unlock()
	e, ok := v.queue.due(until, v.stage.place)
	if ok && e.kind == media {
		e.clock.Pin()
		v.stage.came(&e)
	}
	return e, ok
}

// packet decodes one packet and writes it.
func (v *voice) packet(e *entry, now time.Duration) {
	if v.line == nil {
		v.line = v.stage.programme.AddAudio()
		v.joiner.Out = v.line
	}
	var err error
	if v.decoder == nil {
		v.decoder, err = newDecoder(v.track.Codec)
	}
	if len(e.unit.Parts) == 0 {
		err = errors.New("a packet without a payload")
	}
	if err == nil {
		v.pcm, err = v.decoder.Decode(e.unit.Parts[0], v.pcm[:0])
	}
	if err != nil {
		// It is missing, as if it had been lost.
		v.stage.bad(err)
		return
	}
	v.side.Place(v.pcm)
	ticks := e.ticks * sound.SampleRate / e.clock.Rate()
	skipped := int64(0)
	if v.clock == e.clock {
		skipped = max(0, ticks-v.ticks)
	}
	v.clock, v.ticks = e.clock, ticks+int64(len(v.pcm)/sound.Channels)
	want := v.line48(e.at) - int64(v.decoder.Delay())
	v.joiner.Block(want, skipped, v.pcm, v.line48(now+padding/2))
}

// line48 is a place on the timeline in samples.
func (v *voice) line48(at time.Duration) int64 {
	return v.stage.o.Format.Timeline().SampleAt(at)
}

func (v *voice) close() {
	v.over = true
	if v.line != nil {
		samples, jumps := v.joiner.Corrections()
		v.stage.log.Debug("sound ends", "track", v.track.SID, "adjusted", samples, "jumps", jumps)
		v.line.Close()
	}
}

func (s *Stage) bad(err error) {
	s.mu.Lock()
	s.stats.BadPackets++
	n := s.stats.BadPackets
	s.mu.Unlock()
	if n == 1 {
		s.log.Warn("sound that cannot be decoded", "error", err)
	}
}
