package outputs

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
)

// A builder of tiny fragmented MP4 for tests: what a box holds is written out
// here by hand, so that the reader is not tested against itself.

func box(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))
	return append(append(b, kind...), body...)
}

func u32(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func u64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

type fakeTrack struct {
	id, timescale uint32
	video         bool
	shift         uint32
}

func fakeInit(tracks ...fakeTrack) []byte {
	parts := [][]byte{box("mvhd", u32(0, 0, 0, 90000), make([]byte, 84))}
	var trex [][]byte
	for _, t := range tracks {
		handler := "soun"
		if t.video {
			handler = "vide"
		}
		parts = append(parts, box("trak",
			box("tkhd", u32(3, 0, 0, t.id), make([]byte, 68)),
			box("edts", box("elst", u32(0, 1, 0, t.shift, 0x10000))),
			box("mdia",
				box("mdhd", u32(0, 0, 0, t.timescale, 0, 0)),
				box("hdlr", u32(0, 0), []byte(handler), make([]byte, 13)))))
		trex = append(trex, box("trex", u32(0, t.id, 1, 0, 0, 0)))
	}
	return append(box("ftyp", []byte("iso5")), box("moov", append(parts, box("mvex", trex...))...)...)
}

// fakeRun is one track's part of a fragment: samples of equal length; cts is
// empty or one offset for each sample.
type fakeRun struct {
	id       uint32
	base     uint64
	samples  int
	duration uint32
	key      bool
	cts      []uint32
}

func fakeFragment(sequence uint32, payload int, runs ...fakeRun) []byte {
	parts := [][]byte{box("mfhd", u32(0, sequence))}
	for _, r := range runs {
		flags := uint32(0x01010000)
		if r.key {
			flags = 0x02000000
		}
		trun := u32(trunFirstSampleFlags, uint32(r.samples), flags)
		if r.cts != nil {
			trun = u32(trunFirstSampleFlags|trunCompositionTime, uint32(r.samples), flags)
			trun = append(trun, u32(r.cts...)...)
		}
		parts = append(parts, box("traf",
			box("tfhd", u32(0x020000|tfhdDefaultDuration|tfhdDefaultFlags, r.id, r.duration, 0x01010000)),
			box("tfdt", u32(1<<24), u64(r.base)),
			box("trun", trun)))
	}
	return append(box("moof", parts...), box("mdat", make([]byte, payload))...)
}

var (
	fakeVideo = fakeTrack{id: 1, timescale: 15360, video: true, shift: 1024}
	fakeAudio = fakeTrack{id: 2, timescale: 48000, shift: 1024}
)

// half is a fragment of 15 frames at 30 fps and 24 AAC frames, the n-th of its run.
func half(n int, key bool) []byte {
	return fakeFragment(uint32(n+1), 100,
		fakeRun{id: 1, base: uint64(n * 15 * 512), samples: 15, duration: 512, key: key},
		fakeRun{id: 2, base: uint64(n * 24 * 1024), samples: 24, duration: 1024, key: true})
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
