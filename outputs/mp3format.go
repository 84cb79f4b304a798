package outputs

import (
	"fmt"
	"io"

	"github.com/ffegress/ffegress/ffpipe/mp3"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

// mp3Format strings together the frames of successive runs. The encoder is told
// not to use bits of earlier frames, so that any frame may follow any other.
type mp3Format struct {
	replay
	header mp3.Header
	begun  bool
}

// mp3Group is how many frames make a unit: a fifth of a second.
const mp3Group = 8

func (m *mp3Format) reader(r io.Reader) unitReader { return &mp3Reader{r: r} }

// mp3Reader cuts a stream into frames and hands them out in groups.
type mp3Reader struct {
	r     io.Reader
	head  mp3.Header
	ready []byte // the first frame, while it is not handed out
	heads bool
	err   error
}

// frame reads one whole frame.
func (m *mp3Reader) frame() ([]byte, mp3.Header, error) {
	var b [mp3.HeaderSize]byte
	if _, err := io.ReadFull(m.r, b[:]); err != nil {
		return nil, mp3.Header{}, err
	}
	h, err := mp3.ParseHeader(b[:])
	if err != nil {
		return nil, h, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	frame := make([]byte, max(h.Size(), len(b)))
	copy(frame, b[:])
	if _, err := io.ReadFull(m.r, frame[len(b):]); err != nil {
		return nil, h, eofInside(err)
	}
	return frame, h, nil
}

// next gives the first frame's header as the init unit, then the frames. What
// was read before an error is handed out before the error is told.
func (m *mp3Reader) next() (unit, error) {
	if m.err != nil {
		return unit{}, m.err
	}
	if !m.heads {
		frame, h, err := m.frame()
		if err != nil {
			return unit{}, err
		}
		m.heads, m.head, m.ready = true, h, frame
		return unit{init: true, head: frame[:mp3.HeaderSize]}, nil
	}
	var u unit
	if m.ready != nil {
		u.packets, m.ready = append(u.packets, m.ready), nil
	}
	for len(u.packets) < mp3Group {
		frame, h, err := m.frame()
		if err == nil && !h.Fits(m.head) {
			err = fmt.Errorf("%w: frames of another kind", ErrMalformed)
		}
		if err != nil {
			m.err = err
			break
		}
		u.packets = append(u.packets, frame)
	}
	if len(u.packets) == 0 {
		return unit{}, m.err
	}
	return u, nil
}

func (m *mp3Format) begin(u unit, from programme.Point) error {
	h, err := mp3.ParseHeader(u.head)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	first := !m.begun
	if !first && !h.Fits(m.header) {
		return fmt.Errorf("%w: frames differ from the first", ErrInitChanged)
	}
	m.header, m.begun = h, true
	return m.replay.begin(first, from.Sample, h.Samples(), int64(h.Rate))
}

func (m *mp3Format) place(u unit) (*Fragment, int64, error) {
	before := m.packets
	packets := u.packets[m.take(len(u.packets)):]
	if len(packets) == 0 {
		return nil, 0, nil
	}
	f := &Fragment{Key: true, AudioStart: m.heard(before), AudioEnd: m.heard(m.packets)}
	for _, p := range packets {
		f.Data = append(f.Data, p...)
	}
	return f, 0, nil
}

// heard is the 48 kHz sample that a player has come to after so many frames.
func (m *mp3Format) heard(frames int64) int64 {
	samples := max(0, frames*m.header.Samples()-mp3.Delay)
	return m.start + rescale(samples, programme.SampleRate, int64(m.header.Rate))
}

func (m *mp3Format) end(end programme.Point) programme.Point {
	end.Sample = m.from(m.header.Samples(), int64(m.header.Rate))
	return end
}
