package outputs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// movie is the format of fragmented MP4: the fragments of a later run get the
// decode times that follow those of the one before.
type movie struct {
	fps          int
	video, audio bool // wanted

	// inBand says that a later run tells itself before each keyframe what a decoder has to know, so that its beginning may
	// differ in that.
	inBand bool

	init   []byte
	parsed []track // as the init segment has them
	tracks []hubTrack
	seq    uint32
}

func (m *movie) reader(r io.Reader) unitReader { return newBoxReader(r) }

func (m *movie) begin(u unit, from programme.Point) error {
	if m.init == nil {
		parsed, err := parseMoov(u.head)
		if err != nil {
			return err
		}
		var video, audio bool
		tracks := make([]hubTrack, len(parsed))
		for i, t := range parsed {
			tracks[i].track = t
			video, audio = video || t.video, audio || !t.video
		}
		if video != m.video || audio != m.audio || video && m.fps <= 0 {
			return fmt.Errorf("%w: video %t, audio %t", ErrInitChanged, video, audio)
		}
		m.parsed, m.tracks = parsed, tracks
	} else if !bytes.Equal(m.init, u.data) && !m.like(u) {
		return fmt.Errorf("%w: init segment of %d bytes differs from the first", ErrInitChanged, len(u.data))
	}
	tracks := slices.Clone(m.tracks)
	for i := range tracks {
		if err := tracks[i].rebase(from, m.fps); err != nil {
			return err
		}
	}
	m.tracks = tracks
	if m.init == nil {
		m.init = u.data
	}
	return nil
}

// like tells whether another encoder's run can go on in this stream.
func (m *movie) like(u unit) bool {
	if !m.inBand {
		return false
	}
	parsed, err := parseMoov(u.head)
	return err == nil && slices.Equal(parsed, m.parsed)
}

func (m *movie) place(u unit) (*Fragment, int64, error) {
	trafs, sequence, err := parseMoof(u.head, m.parsed)
	if err != nil {
		return nil, 0, err
	}
	f := &Fragment{Data: u.data}
	frames := int64(0)
	tracks := slices.Clone(m.tracks) // so that a bad fragment changes nothing
	for i := range trafs {
		for j := range tracks {
			if tracks[j].id != trafs[i].id {
				continue
			}
			if err := m.placeTrack(&tracks[j], &trafs[i], f); err != nil {
				return nil, 0, err
			}
			if tracks[j].video {
				frames += trafs[i].samples
			}
		}
	}
	m.tracks = tracks
	m.seq++
	binary.BigEndian.PutUint32(sequence, m.seq)
	return f, frames, nil
}

// placeTrack moves one track's part of a fragment.
func (m *movie) placeTrack(t *hubTrack, tf *traf, f *Fragment) error {
	if err := tf.setBase(tf.base + t.offset); err != nil {
		return err
	}
	if tf.base < t.decoded {
		return fmt.Errorf("%w: track %d goes back from %d to %d", ErrMalformed, t.id, t.decoded, tf.base)
	}
	if tf.base+tf.duration >= maxTicks || tf.presentation >= maxTicks {
		return fmt.Errorf("%w: track %d too long", ErrMalformed, t.id)
	}
	t.decoded = tf.base + tf.duration
	if t.video {
		t.shown = max(t.shown, tf.base+tf.presentation-t.shift)
		f.VideoStart = rescale(tf.base, int64(m.fps), t.timescale)
		f.VideoEnd = rescale(t.decoded, int64(m.fps), t.timescale)
		f.Key = tf.key
		return nil
	}
	t.shown = t.decoded
	f.AudioStart = max(0, rescale(tf.base-t.shift, programme.SampleRate, t.timescale))
	f.AudioEnd = max(0, rescale(t.decoded-t.shift, programme.SampleRate, t.timescale))
	f.Key = f.Key || !m.video
	return nil
}

func (m *movie) end(end programme.Point) programme.Point {
	for i := range m.tracks {
		t := &m.tracks[i]
		if t.video {
			end.Frame = rescale(max(t.decoded, t.shown), int64(m.fps), t.timescale)
		} else {
			end.Sample = rescale(t.decoded, programme.SampleRate, t.timescale)
		}
	}
	return end
}

// hubTrack is a track with its ends in media ticks of the published timeline.
type hubTrack struct {
	track
	offset  int64 // added to the present run's times
	decoded int64 // end in decoding order
	shown   int64 // end of the last sample to be shown
}

// rebase finds what has to be added to the times of a run that begins at from.
// The run's own time zero is where its first input is shown, less the track's
// shift; both cancel out, so that the offset is from itself in media ticks.
func (t *hubTrack) rebase(from programme.Point, fps int) error {
	at, per := from.Sample, int64(programme.SampleRate)
	if t.video {
		at, per = from.Frame, int64(fps)
	}
	if at < 0 || at >= maxTicks {
		return fmt.Errorf("%w: %d", ErrRewound, at)
	}
	offset := rescale(at, t.timescale, per)
	published := max(t.decoded, t.shown)
	// A point is whole frames or samples: half of one may be lost in rounding.
	if offset < published && published-offset <= t.timescale/per+1 {
		offset = published
	}
	if offset < published {
		return fmt.Errorf("%w: %d instead of %d ticks", ErrRewound, offset, published)
	}
	t.offset, t.decoded, t.shown = offset, offset, offset
	return nil
}
