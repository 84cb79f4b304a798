package outputs

import (
	"io"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

// format is what the hub must know about a container: how the encoder's output
// is cut into units, and how the units of successive runs become one stream.
// All but reader are called with the hub's lock.
type format interface {
	reader(r io.Reader) unitReader
	// begin takes the init unit of a run whose input begins at from.
	begin(u unit, from programme.Point) error
	// place makes a fragment of a unit, nil if nothing in it is new, and tells
	// how many pictures are in it.
	place(u unit) (f *Fragment, frames int64, err error)
	// end is the point from which another run must be fed; what is not in the
	// stream stays as it is in start.
	end(start programme.Point) programme.Point
}

// unitReader gives an encoder run's units, the init unit first. The error is
// io.EOF at the end of the stream between two units, io.ErrUnexpectedEOF inside
// one, ErrMalformed, or what the reader under it returned.
type unitReader interface{ next() (unit, error) }

// unit is one piece of an encoder's output, in a buffer of its own.
type unit struct {
	init    bool
	data    []byte   // as it was read
	head    []byte   // what tells about it: the payload of moov or of moof, OpusHead, an MP3 header
	packets [][]byte // of Ogg and MP3
}

func newFormat(o HubOptions) format {
	switch o.Container {
	case ffpipe.Ogg:
		return &oggFormat{}
	case ffpipe.MP3:
		return &mp3Format{}
	}
	return &movie{fps: o.FPS, video: o.HasVideo, audio: o.HasAudio}
}

// preroll is how many packets a restarted encoder of Ogg or MP3 is fed again and
// are thrown away: 80 ms or more, after which it and the decoder agree with what
// they would have been without the restart.
const preroll = 4

// replay is how far the packets of successive runs have come. All packets of a
// stream have the same length.
type replay struct {
	start   int64 // 48 kHz sample at which the stream begins
	packets int64 // published
	drop    int64 // of the present run, not to be published
}

// begin notes a run that is fed from a sample on; packet and rate tell the length
// of a packet in samples.
func (p *replay) begin(first bool, from, packet, rate int64) error {
	if first {
		*p = replay{start: from}
		return nil
	}
	again := rescale(from-p.start, rate, programme.SampleRate)
	p.drop = p.packets - (again+packet/2)/packet
	if from < p.start || p.drop < 0 {
		return ErrRewound
	}
	return nil
}

// take says which of a run's next n packets are new.
func (p *replay) take(n int) (from int) {
	from = int(min(p.drop, int64(n)))
	p.drop -= int64(from)
	p.packets += int64(n - from)
	return from
}

// from is the sample from which the next run must be fed.
func (p *replay) from(packet, rate int64) int64 {
	return p.start + rescale(max(p.packets-preroll, 0)*packet, programme.SampleRate, rate)
}
