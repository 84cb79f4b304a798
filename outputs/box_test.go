package outputs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// TestBoxReaderUnits: real encoder output is cut into units without losing or
// changing a byte, however the bytes arrive.
func TestBoxReaderUnits(t *testing.T) {
	for _, c := range []struct {
		file      string
		fragments int
	}{{"av44.mp4", 6}, {"audio.mp4", 5}, {"video.mp4", 5}} {
		whole := testdata(t, c.file)
		for name, r := range map[string]io.Reader{
			"at once": bytes.NewReader(whole),
			"by byte": iotest.OneByteReader(bytes.NewReader(whole)),
		} {
			in, fragments := newBoxReader(r), 0
			var got []byte
			for {
				u, err := in.next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s %s: %v", c.file, name, err)
				}
				if u.init != (len(got) == 0) {
					t.Fatalf("%s %s: init segment not first", c.file, name)
				}
				if !u.init {
					fragments++
				}
				if !bytes.Contains(u.data, u.head) {
					t.Fatalf("%s %s: head is no part of the unit", c.file, name)
				}
				got = append(got, u.data...)
			}
			mfra := bytes.LastIndex(whole, []byte("mfra")) - 4
			if !bytes.Equal(got, whole[:mfra]) || fragments != c.fragments {
				t.Errorf("%s %s: %d of %d bytes, %d fragments", c.file, name, len(got), mfra, fragments)
			}
		}
	}
}

func TestBoxReaderErrors(t *testing.T) {
	init, frag := fakeInit(fakeVideo), fakeFragment(1, 50, fakeRun{id: 1, samples: 1, duration: 512, key: true})
	large := func(kind string, size uint64) []byte {
		return join(u32(1), []byte(kind), u64(size))
	}
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, io.EOF},
		{"half a header", init[:5], io.ErrUnexpectedEOF},
		{"ftyp alone", init[:12], io.ErrUnexpectedEOF},
		{"half a moov", init[:60], io.ErrUnexpectedEOF},
		{"moof alone", frag[:len(frag)-58], io.ErrUnexpectedEOF},
		{"half an mdat", frag[:len(frag)-1], io.ErrUnexpectedEOF},
		{"half a dropped box", box("free", make([]byte, 9))[:12], io.ErrUnexpectedEOF},
		{"half a long header", large("mdat", 20)[:12], io.ErrUnexpectedEOF},
		{"size below the header", u32(7, 0x66747970), ErrMalformed},
		{"size to the end of the file", u32(0, 0x66747970), ErrMalformed},
		{"huge moov", large("moov", 1<<40), ErrMalformed},
		{"huge mdat", join(frag[:len(frag)-58], large("mdat", 1<<40)), ErrMalformed},
		{"negative", large("free", 1<<63), ErrMalformed},
		{"long form too small", large("free", 15), ErrMalformed},
		{"mdat first", box("mdat"), ErrMalformed},
		{"mdat after ftyp", join(box("ftyp"), box("mdat")), ErrMalformed},
		{"two moofs", join(box("moof"), box("moof")), ErrMalformed},
		{"moov after moof", join(box("moof"), box("moov")), ErrMalformed},
		{"free inside a fragment", join(box("moof"), box("free"), box("mdat")), ErrMalformed},
	} {
		if _, err := newBoxReader(bytes.NewReader(c.data)).next(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	broken := errors.New("broken pipe")
	if _, err := newBoxReader(io.MultiReader(bytes.NewReader(init[:30]), iotest.ErrReader(broken))).next(); !errors.Is(err, broken) {
		t.Errorf("reader's error is lost: %v", err)
	}
}

// TestBoxReaderLies: a box that claims much and brings little costs little.
func TestBoxReaderLies(t *testing.T) {
	frag := fakeFragment(1, 0, fakeRun{id: 1, samples: 1, duration: 512, key: true})
	lie := append(frag[:len(frag)-8:len(frag)-8], u32(maxMediaBox, 0x6d646174)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		if _, err := newBoxReader(bytes.NewReader(lie)).next(); err != io.ErrUnexpectedEOF {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if spent := (after.TotalAlloc - before.TotalAlloc) / 10; spent > 4<<20 {
		t.Errorf("%d bytes for a box that never came", spent)
	}
}

func TestParseMoovReal(t *testing.T) {
	for _, c := range []struct {
		file string
		want []track
	}{
		{"av44.mp4", []track{{id: 1, video: true, timescale: 15360, shift: 1024}, {id: 2, timescale: 44100, shift: 1024}}},
		{"audio.mp4", []track{{id: 1, timescale: 48000, shift: 1024}}},
		{"video.mp4", []track{{id: 1, video: true, timescale: 12800}}},
	} {
		u, err := newBoxReader(bytes.NewReader(testdata(t, c.file))).next()
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseMoov(u.head)
		if err != nil || len(got) != len(c.want) {
			t.Fatalf("%s: %+v, %v", c.file, got, err)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: track %+v, want %+v", c.file, got[i], c.want[i])
			}
		}
	}
}

func TestParseMoovEdits(t *testing.T) {
	moov := func(elst []byte) []byte {
		return join(box("mvhd", u32(0, 0, 0, 1000), make([]byte, 84)),
			box("trak", box("tkhd", u32(0, 0, 0, 7), make([]byte, 68)), box("edts", box("elst", elst)),
				box("mdia", box("mdhd", u32(1<<24, 0, 0, 0, 0, 48000, 0, 0, 0)), box("hdlr", u32(0, 0), []byte("soun")))))
	}
	long := func(duration uint64, at int64) []byte { return join(u64(duration), u64(uint64(at)), u32(0x10000)) }
	for _, c := range []struct {
		name string
		elst []byte
		want int64
	}{
		{"none", u32(0, 0), 0},
		{"priming", u32(0, 1, 0, 312, 0x10000), 312},
		{"long form", join(u32(1<<24, 1), long(0, 312)), 312},
		{"empty edit before", u32(0, 2, 500, 0xffffffff, 0x10000, 0, 312, 0x10000), 312 - 24000},
		{"absurd media time", join(u32(1<<24, 1), long(0, 1<<50)), 0},
	} {
		got, err := parseMoov(moov(c.elst))
		if err != nil || len(got) != 1 || got[0].shift != c.want {
			t.Errorf("%s: %+v, %v; want shift %d", c.name, got, err, c.want)
		}
	}
	if _, err := parseMoov(moov(u32(0, 1))); !errors.Is(err, ErrMalformed) {
		t.Errorf("short elst: %v", err)
	}
	two := moov(u32(0, 0))
	if _, err := parseMoov(join(two, two)); !errors.Is(err, ErrMalformed) {
		t.Errorf("two audio tracks: %v", err)
	}
}

func TestParseMoof(t *testing.T) {
	tracks := []track{{id: 1, video: true, timescale: 15360, defaultDuration: 512, defaultFlags: 0x01010000}, {id: 2, timescale: 48000, defaultDuration: 1024}}
	mfhd := box("mfhd", u32(0, 1))
	tfdt := box("tfdt", u32(1<<24), u64(5120))
	traf := func(parts ...[]byte) []byte { return join(mfhd, box("traf", parts...)) }
	const per = trunDuration | trunSize | trunFlags | trunCompositionTime
	for _, c := range []struct {
		name string
		moof []byte
		want traf2
	}{
		{"trex defaults", traf(box("tfhd", u32(0, 1)), tfdt, box("trun", u32(0, 3))), traf2{false, 3 * 512, 3 * 512, 3}},
		{"trex sync default", traf(box("tfhd", u32(0, 2)), tfdt, box("trun", u32(0, 3))), traf2{true, 3072, 3072, 3}},
		{"tfhd defaults", traf(box("tfhd", u32(tfhdSampleDescription|tfhdDefaultDuration|tfhdDefaultSize|tfhdDefaultFlags, 1, 1, 10, 9, 0)), tfdt,
			box("trun", u32(0, 2))), traf2{true, 20, 20, 2}},
		{"first sample flags", traf(box("tfhd", u32(0, 1)), tfdt, box("trun", u32(trunDataOffset|trunFirstSampleFlags, 2, 99, 0))), traf2{true, 1024, 1024, 2}},
		{"first sample of the second run", traf(box("tfhd", u32(0, 1)), tfdt, box("trun", u32(0, 1)),
			box("trun", u32(trunFirstSampleFlags, 1, 0))), traf2{false, 1024, 1024, 2}},
		{"each sample's own", traf(box("tfhd", u32(0, 1)), tfdt, box("trun", u32(per, 2, 100, 9, 0, 200, 300, 9, 0x10000, 0))), traf2{true, 400, 400, 2}},
		{"reordered", traf(box("tfhd", u32(0, 1)), tfdt, box("trun", u32(trunCompositionTime, 2, 1024, 2560))), traf2{false, 1024, 512 + 2560 + 512, 2}},
		{"negative composition", traf(box("tfhd", u32(0, 1)), tfdt, box("trun", u32(1<<24|trunCompositionTime, 2, 0xfffffe00, 0))), traf2{false, 1024, 1024, 2}},
	} {
		got, _, err := parseMoof(c.moof, tracks)
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %+v, %v", c.name, got, err)
			continue
		}
		if g := (traf2{got[0].key, got[0].duration, got[0].presentation, got[0].samples}); g != c.want || got[0].base != 5120 {
			t.Errorf("%s: %+v at %d, want %+v", c.name, g, got[0].base, c.want)
		}
	}
	tfhd := box("tfhd", u32(0, 1))
	for name, moof := range map[string][]byte{
		"nothing":              nil,
		"no mfhd":              box("traf", tfhd, tfdt),
		"no traf":              mfhd,
		"no tfdt":              traf(tfhd),
		"no tfhd":              traf(tfdt),
		"trun first":           traf(box("trun", u32(0, 1))),
		"unknown track":        traf(box("tfhd", u32(0, 9)), tfdt),
		"base data offset":     traf(box("tfhd", u32(1, 1, 0, 0)), tfdt),
		"short trun":           traf(tfhd, tfdt, box("trun", u32(trunSize, 3, 1, 2))),
		"endless trun":         traf(tfhd, tfdt, box("trun", u32(0, 0xffffffff))),
		"many truns":           traf(tfhd, tfdt, box("trun", u32(0, maxSamples)), box("trun", u32(0, 1))),
		"absurd decode time":   traf(tfhd, box("tfdt", u32(1<<24), u64(1<<60))),
		"the same track twice": join(traf(tfhd, tfdt), box("traf", tfhd, tfdt)),
		"stray bytes":          join(mfhd, box("traf", tfhd, tfdt), []byte{1, 2, 3}),
		"box beyond its box":   join(mfhd, u32(100, 0x74726166)),
	} {
		if got, _, err := parseMoof(moof, tracks); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

type traf2 struct {
	key                             bool
	duration, presentation, samples int64
}

func TestSetBase(t *testing.T) {
	field := make([]byte, 4)
	short := traf{baseField: field}
	if err := short.setBase(1 << 31); err != nil || binary.BigEndian.Uint32(field) != 1<<31 {
		t.Errorf("%x, %v", field, err)
	}
	for _, bad := range []int64{-1, 1 << 32, maxTicks} {
		if err := short.setBase(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("setBase(%d) = %v", bad, err)
		}
	}
}

// FuzzHubRun: no bytes make the hub panic, take much memory, or publish
// anything but whole units whose times go forward.
func FuzzHubRun(f *testing.F) {
	for _, name := range []string{"av44.mp4", "audio.mp4", "video.mp4"} {
		f.Add(testdata(f, name))
	}
	f.Add(join(fakeInit(fakeVideo, fakeAudio), half(0, true), half(1, false)))
	f.Add(join(fakeInit(fakeVideo), fakeFragment(1, 3, fakeRun{id: 1, samples: 2, duration: 512, cts: []uint32{1024, 2560}})))
	f.Add(join(box("ftyp"), u32(1, 0x6d6f6f76), u64(1<<40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []HubOptions{{FPS: 30, HasVideo: true, HasAudio: true}, {HasAudio: true}, {FPS: 30, HasVideo: true}} {
			h := NewHub(o)
			s := h.Subscribe("fuzz", Lossless{})
			from := programme.Point{Frame: 100, Sample: 160000}
			err := h.Run(bytes.NewReader(data), from)
			end := h.End()
			h.Close(nil)
			var video, audio int64
			var sequence uint32
			for n := 0; ; n++ {
				f, next := s.Next(t.Context())
				if next == io.EOF {
					break
				}
				if next != nil {
					t.Fatal(next)
				}
				if f.Init != (n == 0) {
					t.Fatal("init segment is not first, or came twice")
				}
				if f.Init {
					continue
				}
				u, err := newBoxReader(bytes.NewReader(f.Data)).next()
				if err != nil || len(u.data) != len(f.Data) {
					t.Fatalf("fragment %d is not one unit: %v", n, err)
				}
				_, field, err := parseMoof(u.head, h.format.(*movie).parsed)
				if err != nil {
					t.Fatal(err)
				}
				if seq := binary.BigEndian.Uint32(field); seq <= sequence { // equal, but for those before the first key
					t.Fatalf("sequence %d after %d", seq, sequence)
				} else {
					sequence = seq
				}
				if f.VideoEnd > f.VideoStart && f.VideoStart < video || f.AudioEnd > f.AudioStart && f.AudioStart < audio {
					t.Fatalf("time goes back: %+v after %d, %d", f, video, audio)
				}
				video, audio = max(video, f.VideoEnd), max(audio, f.AudioEnd)
			}
			// Media ticks may be as coarse as a second.
			if end.Frame <= from.Frame-30 || end.Sample <= from.Sample-programme.SampleRate {
				t.Fatalf("end %+v is before the start (%v)", end, err)
			}
		}
	})
}
