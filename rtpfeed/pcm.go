package rtpfeed

import (
	"fmt"
	"sync"
	"time"

	"github.com/ffegress/ffegress/rtpfeed/sound"
)

// Speaker takes a track's sound, decoded, by its position in samples at 48 kHz from the track's beginning. It must not
// block.
type Speaker interface {
	Write(at int64, pcm []int16) // interleaved stereo; copied if it is kept
	Muted(muted bool)
}

// PCM is the Sink of a track whose sound is wanted as it comes.
type PCM struct {
	// Started is called once, with the arrival of the first packet.
	Started func(at time.Time)

	codec  Codec
	out    Speaker
	decode sound.Decoder

	mu    sync.Mutex
	stats PassthroughStats

	// Owned by the track's goroutine.
	stamps stamps
	began  bool
	buf    []int16
}

var _ Sink = (*PCM)(nil)

// NewPCM makes the sink of a track of sound.
func NewPCM(t Track, out Speaker) (*PCM, error) {
	p := &PCM{out: out}
	return p, p.tune(t)
}

// tune makes the decoder of a track.
func (p *PCM) tune(t Track) (err error) {
	p.codec, p.stamps.rate = t.Codec, max(t.ClockRate, 1)
	switch t.Codec {
	case Opus:
		p.decode, err = sound.NewOpus()
	case PCMU:
		p.decode = sound.NewG711(sound.MuLaw)
	case PCMA:
		p.decode = sound.NewG711(sound.ALaw)
	default:
		err = fmt.Errorf("%v is no sound", t.Codec)
	}
	return err
}

// End is of no use here: what comes is gone at once.
func (p *PCM) End(time.Time) {}

// Stats may be asked for from any goroutine.
func (p *PCM) Stats() PassthroughStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

func (p *PCM) Unit(u Unit) {
	at := samplesAt(p.stamps.at(u.Timestamp, u.Arrived), sound.SampleRate)
	pcm, err := p.decode.Decode(u.Parts[0], p.buf[:0])
	p.mu.Lock()
	p.stats.Lost += int64(u.Lost)
	if err != nil {
		p.stats.Dropped++
	} else {
		p.stats.Units++
		p.stats.Bytes += int64(u.Size())
	}
	p.mu.Unlock()
	if err != nil {
		return
	}
	p.buf = pcm
	if !p.began {
		p.began = true
		p.Started(u.Arrived)
	}
	p.out.Write(at-int64(p.decode.Delay()), pcm)
}

func (p *PCM) Report(Report)                 {}
func (p *PCM) Muted(muted bool, _ time.Time) { p.out.Muted(muted) }
func (p *PCM) Close()                        {}

func (p *PCM) Replaced(t Track) {
	p.stamps.restart = true
	// Another kind of track decodes to nothing, and is counted.
	_ = p.tune(t)
	p.out.Muted(t.Muted)
}
