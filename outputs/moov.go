package outputs

import "fmt"

// track is what the init segment tells about one track.
type track struct {
	id        uint32
	video     bool
	timescale int64 // ticks per second, from mdhd
	// shift is the media time that is shown at zero, in ticks: AAC priming
	// (1024 samples) or the reordering delay of B-frames, from the edit list.
	shift                         int64
	defaultDuration, defaultFlags uint32 // trex
}

// parseMoov reads the tracks of a moov payload. ISO/IEC 14496-12.
func parseMoov(moov []byte) ([]track, error) {
	var tracks []track
	movieScale := int64(0)
	err := eachBox(moov, func(kind boxKind, body []byte) error {
		switch kind {
		case "mvhd":
			f := fields{b: body}
			version, _ := f.full()
			f.versioned(version)
			f.versioned(version)
			movieScale = int64(f.u32())
			return f.err(kind)
		case "trak":
			t, ok, err := parseTrak(body, movieScale)
			if ok {
				tracks = append(tracks, t)
			}
			return err
		case "mvex":
			return eachBox(body, func(kind boxKind, body []byte) error {
				if kind != "trex" {
					return nil
				}
				f := fields{b: body}
				f.full()
				id := f.u32()
				f.u32() // sample description
				duration := f.u32()
				f.u32() // size
				flags := f.u32()
				for i := range tracks {
					if tracks[i].id == id {
						tracks[i].defaultDuration, tracks[i].defaultFlags = duration, flags
					}
				}
				return f.err(kind)
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, t := range tracks {
		for _, u := range tracks[:i] {
			if t.id == u.id || t.video == u.video {
				return nil, fmt.Errorf("%w: two tracks of one kind or number", ErrMalformed)
			}
		}
	}
	return tracks, nil
}

// parseTrak reads one track; ok is false when it is neither video nor audio.
func parseTrak(trak []byte, movieScale int64) (t track, ok bool, err error) {
	var mediaTime, empty int64
	var walk func(kind boxKind, body []byte) error
	walk = func(kind boxKind, body []byte) error {
		f := fields{b: body}
		switch kind {
		case "edts", "mdia":
			return eachBox(body, walk)
		case "tkhd":
			version, _ := f.full()
			f.versioned(version)
			f.versioned(version)
			t.id = f.u32()
		case "mdhd":
			version, _ := f.full()
			f.versioned(version)
			f.versioned(version)
			t.timescale = int64(f.u32())
		case "hdlr":
			f.full()
			f.u32()
			handler := string(f.take(4))
			t.video = handler == "vide"
			ok = t.video || handler == "soun"
		case "elst":
			mediaTime, empty = parseElst(&f)
		}
		return f.err(kind)
	}
	if err := eachBox(trak, walk); err != nil {
		return t, false, err
	}
	if ok && (t.timescale <= 0 || t.timescale > maxTimescale || t.id == 0) {
		return t, false, fmt.Errorf("%w: track %d with timescale %d", ErrMalformed, t.id, t.timescale)
	}
	t.shift = mediaTime
	if empty > 0 && movieScale > 0 && movieScale <= maxTimescale {
		t.shift -= rescale(empty, t.timescale, movieScale)
	}
	return t, ok, nil
}

// parseElst returns the media time of the first real edit, and the length of
// the empty edit before it in movie ticks.
func parseElst(f *fields) (mediaTime, empty int64) {
	version, _ := f.full()
	for range min(f.u32(), 8) {
		var duration, at int64
		if version == 1 {
			duration, at = int64(f.u64()), int64(f.u64())
		} else {
			duration, at = int64(f.u32()), int64(int32(f.u32()))
		}
		f.u32() // rate
		switch {
		case at == -1 && duration >= 0 && duration < maxTicks:
			empty += duration
		case at >= 0 && at < maxTicks:
			return at, empty
		}
	}
	return 0, empty
}

// Bounds of every media time and of the ticks in a second: their product fits
// 63 bits, and 2^42 ticks are a year and a half at 90 kHz.
const (
	maxTicks     = 1 << 42
	maxTimescale = 1 << 20
)

// rescale converts a time v of "from" ticks per second to "to" ticks per
// second, rounded to the nearest (halves up). |v| must be < 2·maxTicks.
func rescale(v, to, from int64) int64 {
	whole, rest := v/from, v%from
	if rest < 0 {
		whole, rest = whole-1, rest+from
	}
	return whole*to + (rest*to+from/2)/from
}
