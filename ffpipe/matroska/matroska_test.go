package matroska

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"
)

var blocks = []Block{
	{Track: 1, At: 0, Key: true, Data: []byte("key")},
	{Track: 1, At: 33366 * time.Microsecond, Data: bytes.Repeat([]byte{7}, 200)},
	{Track: 2, At: time.Hour, Key: true, Data: bytes.Repeat([]byte{0}, 70000)},
	{Track: 1, At: 26 * time.Hour, Duration: 40 * time.Millisecond, Data: []byte("last")},
	{Track: 1, At: 27 * time.Hour, Duration: time.Hour, Key: true, Data: nil},
}

func TestClustersReadBack(t *testing.T) {
	var b []byte
	for _, k := range blocks {
		b = AppendCluster(b, k)
	}
	for i, want := range blocks {
		h, data, rest, err := child(b)
		if err != nil || !h.Cluster() {
			t.Fatalf("cluster %d: %+v, %v", i, h, err)
		}
		got, err := ParseCluster(data)
		if err != nil || len(got) != 1 {
			t.Fatalf("cluster %d: %v, %v", i, got, err)
		}
		if len(got[0].Data) == 0 {
			got[0].Data = nil
		}
		if !reflect.DeepEqual(got[0], want) {
			t.Errorf("cluster %d: %+v, want %+v", i, got[0], want)
		}
		b = rest
	}
	if len(b) != 0 {
		t.Errorf("%d bytes left", len(b))
	}
}

func TestOneWrongBitIsTold(t *testing.T) {
	b := AppendCluster(nil, blocks[1])
	h, err := ParseHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	for at := int(h.Header); at < len(b); at++ {
		bad := bytes.Clone(b)
		bad[at] ^= 0x10
		if got, err := ParseCluster(bad[h.Header:]); !errors.Is(err, ErrDamaged) {
			// The checksum's own ID may have become that of something unknown.
			if at > int(h.Header) {
				t.Errorf("byte %d: %v, %v", at, got, err)
			}
		}
	}
}

func TestHeadIsWhole(t *testing.T) {
	b := Head(Track{Codec: "V_VP8", Video: true, Width: 640, Height: 360}, Track{Codec: "A_OPUS", Private: []byte{1}, Rate: 48000, Channels: 2})
	h, _, rest, err := child(b)
	if err != nil || !h.File() {
		t.Fatalf("%+v, %v", h, err)
	}
	h, err = ParseHeader(rest)
	if err != nil || !h.Segment() || h.Size != Unknown {
		t.Fatalf("segment %+v, %v", h, err)
	}
	rest = rest[h.Header:]
	for _, want := range []uint32{idInfo, idTracks} {
		if h, _, rest, err = child(rest); err != nil || h.ID != want {
			t.Fatalf("%+v, %v; want %x", h, err, want)
		}
	}
	if len(rest) != 0 {
		t.Errorf("%d bytes left", len(rest))
	}
}

func TestSizes(t *testing.T) {
	for _, n := range []int{0, 1, 126, 127, 128, 16382, 16383, 16384, 2097150, 2097151, 1 << 28} {
		b := appendSize(appendID(nil, idVideo), n)
		h, err := ParseHeader(b)
		if err != nil || h.Size != int64(n) || h.Header != int64(len(b)) {
			t.Errorf("size %d: %+v, %v", n, h, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, k := range blocks {
		f.Add(AppendCluster(nil, k))
	}
	f.Add(Head(Track{Codec: "V_VP8"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			return
		}
		if h.Header > int64(len(b)) || h.Size < Unknown {
			t.Fatalf("header %+v of %d bytes", h, len(b))
		}
		found, err := ParseCluster(b[h.Header:])
		if err != nil {
			return
		}
		for _, k := range found {
			if k.At < 0 || k.Duration < 0 || k.Track < 1 {
				// An offset may reach before the file's beginning.
				if k.At < -33*time.Millisecond || k.Duration < 0 || k.Track < 1 {
					t.Fatalf("block %+v", k)
				}
			}
		}
	})
}
