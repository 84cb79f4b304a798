package outputs

import (
	"encoding/binary"
	"fmt"
)

// Fragment is one published piece of the encoder's output: the init segment or
// one moof+mdat. It is shared by all subscribers; nobody may change it.
type Fragment struct {
	Init bool   // ftyp+moov; all other fields but Data are zero
	Key  bool   // decoding can begin here
	Data []byte // whole boxes

	// The part of the timeline in it, in decoding order: video in frames, audio
	// in 48 kHz samples as played. Start equals End when that track is not in it.
	VideoStart, VideoEnd int64
	AudioStart, AudioEnd int64
}

// weight is what a fragment counts for in a queue: the init segment is small
// and never dropped.
func (f *Fragment) weight() int64 {
	if f.Init {
		return 0
	}
	return int64(len(f.Data))
}

// traf is what a moof tells about one track. Times are media ticks.
type traf struct {
	id           uint32
	base         int64  // decode time of the first sample
	baseField    []byte // where it stands in the fragment, 4 or 8 bytes
	duration     int64  // sum of the sample durations
	presentation int64  // end of the last sample to be shown, relative to base
	key          bool   // the first sample is a sync sample
	samples      int64
}

// Bits of tfhd, trun and sample flags. ISO/IEC 14496-12, 8.8.7, 8.8.8, 8.8.3.1.
const (
	tfhdBaseDataOffset    = 0x000001
	tfhdSampleDescription = 0x000002
	tfhdDefaultDuration   = 0x000008
	tfhdDefaultSize       = 0x000010
	tfhdDefaultFlags      = 0x000020

	trunDataOffset       = 0x000001
	trunFirstSampleFlags = 0x000004
	trunDuration         = 0x000100
	trunSize             = 0x000200
	trunFlags            = 0x000400
	trunCompositionTime  = 0x000800

	sampleIsNonSync = 0x10000
)

// maxSamples of one run: without a bound, 20 foreign bytes could ask for four
// thousand million turns of a loop.
const maxSamples = 1 << 18

// parseMoof reads a moof payload. sequence is the field of mfhd.
func parseMoof(moof []byte, tracks []track) (trafs []traf, sequence []byte, err error) {
	err = eachBox(moof, func(kind boxKind, body []byte) error {
		switch kind {
		case "mfhd":
			if len(body) < 8 {
				return fmt.Errorf("%w: short mfhd", ErrMalformed)
			}
			sequence = body[4:8]
		case "traf":
			t, err := parseTraf(body, tracks)
			if err != nil {
				return err
			}
			for _, other := range trafs {
				if other.id == t.id {
					return fmt.Errorf("%w: track %d twice in a fragment", ErrMalformed, t.id)
				}
			}
			trafs = append(trafs, t)
		}
		return nil
	})
	if err == nil && (sequence == nil || len(trafs) == 0) {
		err = fmt.Errorf("%w: moof without mfhd or traf", ErrMalformed)
	}
	return trafs, sequence, err
}

func parseTraf(body []byte, tracks []track) (traf, error) {
	var t traf
	var duration, flags uint32 // of samples that do not say
	err := eachBox(body, func(kind boxKind, body []byte) error {
		f := fields{b: body}
		switch kind {
		case "tfhd":
			_, bits := f.full()
			t.id = f.u32()
			if bits&tfhdBaseDataOffset != 0 {
				return fmt.Errorf("%w: fragment with a base data offset", ErrMalformed)
			}
			known := false
			for _, tr := range tracks {
				if tr.id == t.id {
					duration, flags, known = tr.defaultDuration, tr.defaultFlags, true
				}
			}
			if !known {
				return fmt.Errorf("%w: fragment of unknown track %d", ErrMalformed, t.id)
			}
			if bits&tfhdSampleDescription != 0 {
				f.u32()
			}
			if bits&tfhdDefaultDuration != 0 {
				duration = f.u32()
			}
			if bits&tfhdDefaultSize != 0 {
				f.u32()
			}
			if bits&tfhdDefaultFlags != 0 {
				flags = f.u32()
			}
		case "tfdt":
			version, _ := f.full()
			t.baseField = f.b
			base := f.versioned(version)
			if base >= maxTicks {
				return fmt.Errorf("%w: decode time %d", ErrMalformed, base)
			}
			t.base = int64(base)
			t.baseField = t.baseField[:len(t.baseField)-len(f.b)]
		case "trun":
			if t.id == 0 {
				return fmt.Errorf("%w: trun before tfhd", ErrMalformed)
			}
			if err := t.addRun(&f, duration, flags); err != nil {
				return err
			}
		}
		return f.err(kind)
	})
	if err == nil && (t.id == 0 || t.baseField == nil) {
		err = fmt.Errorf("%w: traf without tfhd or tfdt", ErrMalformed)
	}
	return t, err
}

// addRun adds one trun's samples.
func (t *traf) addRun(f *fields, duration, flags uint32) error {
	version, bits := f.full()
	count := f.u32()
	if count > maxSamples || t.samples+int64(count) > maxSamples {
		return fmt.Errorf("%w: %d samples in a fragment", ErrMalformed, count)
	}
	if bits&trunDataOffset != 0 {
		f.u32()
	}
	first, hasFirst := uint32(0), bits&trunFirstSampleFlags != 0
	if hasFirst {
		first = f.u32()
	}
	for i := range count {
		d, fl := duration, flags
		if bits&trunDuration != 0 {
			d = f.u32()
		}
		if bits&trunSize != 0 {
			f.u32()
		}
		if bits&trunFlags != 0 {
			fl = f.u32()
		}
		if i == 0 && hasFirst {
			fl = first
		}
		composition := int64(0)
		if bits&trunCompositionTime != 0 {
			composition = int64(f.u32())
			if version == 1 {
				composition = int64(int32(composition))
			}
		}
		if f.short {
			return f.err("trun")
		}
		if t.samples == 0 {
			t.key = fl&sampleIsNonSync == 0
		}
		t.samples++
		t.presentation = max(t.presentation, t.duration+composition+int64(d))
		t.duration += int64(d)
	}
	if t.duration >= maxTicks {
		return fmt.Errorf("%w: a fragment of %d ticks", ErrMalformed, t.duration)
	}
	return nil
}

// setBase writes a new decode time into the fragment's own bytes.
func (t *traf) setBase(base int64) error {
	switch {
	case base < 0 || base >= maxTicks:
		return fmt.Errorf("%w: decode time %d", ErrMalformed, base)
	case len(t.baseField) == 8:
		binary.BigEndian.PutUint64(t.baseField, uint64(base))
	case base > 0xffffffff:
		return fmt.Errorf("%w: decode time %d in 32 bits", ErrMalformed, base)
	default:
		binary.BigEndian.PutUint32(t.baseField, uint32(base))
	}
	t.base = base
	return nil
}
