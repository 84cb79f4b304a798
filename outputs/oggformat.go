package outputs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/ffegress/ffegress/ffpipe/ogg"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

// oggFormat makes one logical stream of the Opus packets of successive runs, in
// pages of its own. The last page is not marked, and its granule position not
// cut: that is done when the file is finalised.
type oggFormat struct {
	replay
	head     []byte // OpusHead
	skip     int64  // samples
	packet   int64  // samples of every packet, 0 before the first
	serial   uint32
	sequence uint32
}

func (o *oggFormat) reader(r io.Reader) unitReader { return &oggReader{r: r} }

// oggReader cuts an Ogg stream into its two head pages and pages of packets.
type oggReader struct {
	r      io.Reader
	heads  bool // were read
	serial uint32
}

func (o *oggReader) page() (ogg.Page, []byte, error) {
	p, raw, err := ogg.Read(o.r)
	switch {
	case errors.Is(err, ogg.ErrDamaged):
		return p, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	case err != nil:
		return p, nil, err
	case p.Open || p.Flags&ogg.Continued != 0:
		return p, nil, fmt.Errorf("%w: a packet in two pages", ErrMalformed)
	}
	return p, raw, nil
}

func (o *oggReader) next() (unit, error) {
	p, raw, err := o.page()
	if err != nil {
		return unit{}, err
	}
	if o.heads {
		if p.Serial != o.serial {
			return unit{}, fmt.Errorf("%w: another logical stream", ErrMalformed)
		}
		return unit{packets: p.Packets}, nil
	}
	o.heads, o.serial = true, p.Serial
	tags, rawTags, err := o.page()
	if err != nil {
		return unit{}, eofInside(err)
	}
	if len(p.Packets) != 1 || len(tags.Packets) != 1 || p.Flags&ogg.First == 0 || !bytes.HasPrefix(tags.Packets[0], []byte("OpusTags")) {
		return unit{}, fmt.Errorf("%w: no heads of Opus", ErrMalformed)
	}
	return unit{init: true, data: append(raw, rawTags...), head: p.Packets[0]}, nil
}

func (o *oggFormat) begin(u unit, from programme.Point) error {
	first := o.head == nil
	if !first && !bytes.Equal(o.head, u.head) {
		return fmt.Errorf("%w: OpusHead differs from the first", ErrInitChanged)
	}
	skip, err := ogg.PreSkip(u.head)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if first {
		p, _, err := ogg.Parse(u.data)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		o.head, o.skip, o.serial, o.sequence = u.head, skip, p.Serial, 2
	}
	return o.replay.begin(first, from.Sample, max(o.packet, 1), programme.SampleRate)
}

func (o *oggFormat) place(u unit) (*Fragment, int64, error) {
	for _, p := range u.packets {
		n := ogg.Samples(p)
		if o.packet == 0 {
			o.packet = n
		}
		if n == 0 || n != o.packet {
			return nil, 0, fmt.Errorf("%w: an Opus packet of %d samples, not %d", ErrMalformed, n, o.packet)
		}
	}
	before := o.packets
	packets := u.packets[o.take(len(u.packets)):]
	if len(packets) == 0 {
		return nil, 0, nil
	}
	page := ogg.Page{Granule: o.packets * o.packet, Serial: o.serial, Sequence: o.sequence, Packets: packets}
	data, err := page.Append(nil)
	if err != nil {
		return nil, 0, err
	}
	o.sequence++
	return &Fragment{
		Key: true, Data: data,
		AudioStart: o.start + max(0, before*o.packet-o.skip),
		AudioEnd:   o.start + max(0, o.packets*o.packet-o.skip),
	}, 0, nil
}

func (o *oggFormat) end(end programme.Point) programme.Point {
	end.Sample = o.from(max(o.packet, 1), programme.SampleRate)
	return end
}
