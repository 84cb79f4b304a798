package rtpfeed

import (
	"sync"
	"time"
)

// Appender takes parts of a work file, which are its to keep. It must not block.
type Appender interface{ Append(part []byte) }

// Passthrough is the Sink of a track that is recorded as it comes: what it appends is at every moment a playable file.
type Passthrough struct {
	// Started is called once, when the first unit is in the file, with the time at which it was read; PassthroughStats.Zero
	// is more exact, a moment later.
	Started func(at time.Time)

	codec Codec
	out   Appender
	form  form

	mu    sync.Mutex
	end   time.Time // nothing after it belongs to the recording; zero = not yet known
	stats PassthroughStats
	quiet bool          // nothing comes: it is muted, or gone
	whole chan struct{} // closed when nothing more is to be waited for
	told  bool          // it is

	// Owned by the track's goroutine.
	stamps  stamps
	began   bool
	other   bool      // the track has come back in another codec
	vacated time.Time // since when no packets can come
}

// PassthroughStats is what a passthrough has recorded.
type PassthroughStats struct {
	Zero     time.Time // when the first unit came: what waits to be read in a burst of work is not taken for late; zero = none yet
	Duration time.Duration
	Units    int64
	Bytes    int64 // of media
	Lost     int64 // packets that never came
	Silence  int64 // packets of silence that were put where nothing came: of Opus
	Dropped  int64 // units that are not in the file: of another codec, or twice the same
}

// form is how a codec's units are written.
type form interface {
	// write adds a unit; false means that it is not in the file.
	write(u Unit, at time.Duration) bool
	// close ends the file; end is how long the recording is, if that is more than what was written.
	close(end time.Duration)
	silence() int64
	duration() time.Duration
}

var _ Sink = (*Passthrough)(nil)

// NewPassthrough makes the sink of a track.
func NewPassthrough(t Track, out Appender) *Passthrough {
	p := &Passthrough{codec: t.Codec, out: out, stamps: stamps{rate: max(t.ClockRate, 1)}, whole: make(chan struct{})}
	switch t.Codec {
	case Opus:
		p.form = &opusForm{out: out}
	case PCMU, PCMA:
		p.form = &g711Form{out: out, codec: t.Codec}
	default:
		p.form = &videoForm{out: out, codec: t.Codec}
	}
	return p
}

// End says when the recording ends. What is of a later time is left out, also when it was to come earlier and is read later,
// and Close fills up to there.
func (p *Passthrough) End(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = at
	p.tell(p.quiet)
}

// hush notes whether anything comes.
func (p *Passthrough) hush(quiet bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = quiet
	p.tell(quiet && !p.end.IsZero())
}

// tell closes whole. It is called locked.
func (p *Passthrough) tell(whole bool) {
	if whole && !p.told {
		p.told = true
		close(p.whole)
	}
}

// Whole is closed when what was sent until the end is there, as far as can be known: something of a later time has come after
// End. It may never be.
func (p *Passthrough) Whole() <-chan struct{} { return p.whole }

// Stats may be asked for from any goroutine.
func (p *Passthrough) Stats() PassthroughStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

func (p *Passthrough) Unit(u Unit) {
	p.mu.Lock()
	p.quiet = false
	end := p.end
	p.mu.Unlock()
	if !p.began {
		p.stamps.zero = time.Time{} // nothing before the first unit that is in the file counts
	}
	at := time.Duration(0)
	if !p.other {
		at = p.stamps.at(u.Timestamp, u.Arrived)
	}
	if late := !end.IsZero() && u.Arrived.After(end); late && (!p.began || p.other || !p.stamps.zero.Add(at).Before(end)) {
		p.mu.Lock()
		p.tell(true)
		p.mu.Unlock()
		return
	}
	p.vacated = time.Time{}
	written := !p.other && p.form.write(u, at)
	p.mu.Lock()
	p.stats.Lost += int64(u.Lost)
	if written {
		p.stats.Zero = p.stamps.zero
		p.stats.Units++
		p.stats.Bytes += int64(u.Size())
	} else {
		p.stats.Dropped++
	}
	p.stats.Silence, p.stats.Duration = p.form.silence(), p.form.duration()
	p.mu.Unlock()
	if written && !p.began {
		p.began = true
		p.Started(u.Arrived)
	}
}

func (p *Passthrough) Report(Report) {}

func (p *Passthrough) Muted(muted bool, _ time.Time) { p.hush(muted) }

// Vacant tells that no more packets come, unless the track is replaced.
func (p *Passthrough) Vacant(at time.Time) {
	p.vacated = at
	p.hush(true)
}

func (p *Passthrough) Replaced(t Track) {
	p.stamps.restart = true
	p.other = t.Codec != p.codec || t.ClockRate != p.stamps.rate
}

func (p *Passthrough) Close() {
	if !p.began {
		return
	}
	p.mu.Lock()
	end := p.end
	p.mu.Unlock()
	if end.IsZero() || !p.vacated.IsZero() && p.vacated.Before(end) {
		end = p.vacated
	}
	length := time.Duration(0)
	if !end.IsZero() {
		length = end.Sub(p.stamps.zero)
	}
	p.form.close(length)
	p.mu.Lock()
	p.stats.Silence, p.stats.Duration = p.form.silence(), p.form.duration()
	p.mu.Unlock()
}
