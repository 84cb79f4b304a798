package matroska

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"
)

func TestParseInfo(t *testing.T) {
	float64Bytes := func(v float64) []byte { return binary.BigEndian.AppendUint64(nil, math.Float64bits(v)) }
	scale := appendUint(nil, idTimestampScale, 1_000_000)
	for _, c := range []struct {
		name string
		data []byte
		want time.Duration
		err  error
	}{
		{"milliseconds", appendBytes(scale, idDuration, float64Bytes(12345)), 12345 * time.Millisecond, nil},
		{"no scale", appendBytes(nil, idDuration, float64Bytes(2)), 2 * time.Millisecond, nil},
		{"microseconds, short", appendBytes(appendUint(nil, idTimestampScale, 1000), idDuration, binary.BigEndian.AppendUint32(nil, math.Float32bits(1500))), 1500 * time.Microsecond, nil},
		{"unfinished", scale, 0, ErrNoDuration},
		{"no number", appendBytes(nil, idDuration, float64Bytes(math.NaN())), 0, ErrDamaged},
		{"negative", appendBytes(nil, idDuration, float64Bytes(-1)), 0, ErrDamaged},
		{"too long", appendBytes(nil, idDuration, float64Bytes(1e30)), 0, ErrDamaged},
		{"cut off", appendBytes(scale, idDuration, float64Bytes(1))[:8], 0, ErrDamaged},
	} {
		if d, err := ParseInfo(c.data); d != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v", c.name, d, err)
		}
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add(appendBytes(appendUint(nil, idTimestampScale, 1_000_000), idDuration, binary.BigEndian.AppendUint64(nil, math.Float64bits(5000))))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := ParseInfo(b); d < 0 || d > maxTimestamp || err != nil && d != 0 {
			t.Errorf("%v, %v", d, err)
		}
	})
}
