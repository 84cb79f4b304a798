package workfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/mp3"
	"github.com/ffegress/ffegress/ffpipe/ogg"
)

// oggHead are the two pages that an Ogg/Opus file begins with.
func oggHead() []byte {
	head := []byte("OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00")
	return append(oggPage(0, 0, head), oggPage(1, 0, []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00"))...)
}

func oggPage(sequence uint32, granule int64, packets ...[]byte) []byte {
	p := ogg.Page{Granule: granule, Serial: 9, Sequence: sequence, Packets: packets}
	b, err := p.Append(nil)
	if err != nil {
		panic(err)
	}
	return b
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(1 + r.IntN(255))
	}
	return b
}

// mp3Frame is one of 320 kb/s at 48 kHz: 960 bytes.
func mp3Frame(r *rand.Rand) []byte {
	return append([]byte{0xff, 0xfb, 0xe4, 0x64}, noise(r, 956)...)
}

// sounds are the work files without a picture: what may come first, and parts of random size.
var sounds = []struct {
	container ffpipe.Container
	head      func() []byte
	part      func(r *rand.Rand, n int) []byte
}{
	{ffpipe.Ogg, oggHead, func(r *rand.Rand, n int) []byte {
		return oggPage(uint32(n+2), int64(n+1)*9600, noise(r, 1+r.IntN(8000)), noise(r, 300))
	}},
	{ffpipe.MP3, func() []byte { return nil }, func(r *rand.Rand, _ int) (b []byte) {
		for range 1 + r.IntN(8) {
			b = append(b, mp3Frame(r)...)
		}
		return b
	}},
}

// TestPowerCutSound cuts the power at every step of recording, finalising and recovering Ogg and MP3.
func TestPowerCutSound(t *testing.T) {
	for _, s := range sounds {
		cuts := 0
		for seed := uint64(0); seed < 30; seed++ {
			whole := newDisk(seed, 0)
			if _, _, err := recordSound(whole, s.container, s.head(), s.part, seed); err != nil {
				t.Fatal(err)
			}
			for cut := 1; cut <= whole.steps; cut++ {
				cuts++
				d := newDisk(seed, cut)
				appended, synced, _ := recordSound(d, s.container, s.head(), s.part, seed)
				after := d.reboot()
				if err := checkSound(after, s.container, appended, synced); err != nil {
					t.Fatalf("%s, seed %d, cut %d of %d: %v", s.container, seed, cut, whole.steps, err)
				}
			}
		}
		if cuts < 300 {
			t.Errorf("only %d cuts", cuts)
		}
	}
}

// recordSound runs a job up to the cut. It tells what was appended and how much of it a finished sync covers.
func recordSound(d *disk, c ffpipe.Container, head []byte, part func(*rand.Rand, int) []byte, seed uint64) (appended []byte, synced int, err error) {
	r := rand.New(rand.NewPCG(seed, 1))
	s := &Syncer{Interval: 1 << 62} // the test says when
	w, err := Create(d, s, workPath)
	if err != nil {
		return nil, 0, err
	}
	defer w.Close()
	for n := range 3 + r.IntN(8) {
		b := part(r, n)
		if n == 0 {
			b = append(head, b...)
		}
		appended = append(appended, b...)
		if err := w.Append(b); err != nil {
			return appended, synced, err
		}
		if r.IntN(3) == 0 {
			if s.syncAll(); w.failed() == nil {
				synced = len(appended)
			}
		}
	}
	if err := w.Close(); err != nil {
		return appended, synced, err
	}
	synced = len(appended)
	if err := Finalise(context.Background(), Finaliser{Container: c, FS: d}, workPath, targetPath); err != nil {
		return appended, synced, err
	}
	return appended, synced, d.Remove(workPath)
}

// checkSound says what a cut broke that it must not break, and recovers the job.
func checkSound(d *disk, c ffpipe.Container, appended []byte, synced int) error {
	if target := d.names[targetPath]; target != nil {
		return checkFinal(c, target.data, appended)
	}
	work := d.names[workPath]
	if work == nil {
		if synced > 0 {
			return errors.New("both files are gone")
		}
		return nil
	}
	size, err := Truncate(d, c, workPath)
	if errors.Is(err, ErrEmpty) {
		if synced > 0 {
			return fmt.Errorf("ErrEmpty with %d synced bytes", synced)
		}
		return nil
	}
	if err != nil {
		return err
	}
	got := d.names[workPath].data
	switch whole, err := wholeOf(c, memoryFile(appended), size); {
	case err != nil || whole != size || int64(len(got)) != size:
		return fmt.Errorf("truncated to %d, not the end of a part (%d, %v)", size, whole, err)
	case size < int64(synced):
		return fmt.Errorf("truncated to %d of %d synced bytes", size, synced)
	case !bytes.Equal(got, appended[:size]):
		return errors.New("what is left is not what was appended")
	case !bytes.Equal(got, d.names[workPath].synced):
		return errors.New("truncated, but not durable")
	}
	if err := Finalise(context.Background(), Finaliser{Container: c, FS: d}, workPath, targetPath); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	return checkFinal(c, d.names[targetPath].synced, got)
}

// checkFinal wants the sound of the work file: behind an Info frame, or with the last page marked.
func checkFinal(c ffpipe.Container, final, work []byte) error {
	if c == ffpipe.MP3 {
		h, err := mp3.ParseHeader(final)
		if err != nil {
			return err
		}
		if !bytes.Equal(final[h.Size():], work) {
			return errors.New("the target does not have the frames")
		}
		return nil
	}
	found, err := scanPages(memoryFile(final), int64(len(final)))
	if err != nil || found.end != int64(len(final)) || len(final) != len(work) || !bytes.Equal(final[:found.last], work[:found.last]) {
		return fmt.Errorf("the target does not have the pages: %v", err)
	}
	if p, _, err := ogg.Parse(final[found.last:]); err != nil || p.Flags != ogg.Last {
		return fmt.Errorf("last page: %+v, %v", p, err)
	}
	return nil
}

func TestTruncateSound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	head, one, two := oggHead(), oggPage(2, 960, noise(r, 500)), oggPage(3, 1920, noise(r, 5000))
	frame, other := mp3Frame(r), append([]byte{0xff, 0xfb, 0xe0, 0x64}, noise(r, 1040)...)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	// The third frame of a file has bytes 1920 to 2880: a page lost from 2560 on takes its end, all of the fourth, and no header of it.
	torn := bytes.Clone(frame)
	clear(torn[640:])
	foreign := ogg.Page{Granule: 1920, Serial: 8, Sequence: 3, Packets: [][]byte{noise(r, 9)}}
	stray, err := foreign.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		container ffpipe.Container
		data      []byte
		want      int // 0 = ErrEmpty
	}{
		{"empty", ffpipe.Ogg, nil, 0},
		{"heads only", ffpipe.Ogg, head, 0},
		{"no head", ffpipe.Ogg, join(oggPage(0, 0, noise(r, 40)), one), 0},
		{"whole", ffpipe.Ogg, join(head, one, two), len(head) + len(one) + len(two)},
		{"one byte short", ffpipe.Ogg, join(head, one, two[:len(two)-1]), len(head) + len(one)},
		{"zeros", ffpipe.Ogg, join(head, one, make([]byte, 9000)), len(head) + len(one)},
		{"lost page", ffpipe.Ogg, join(head, one, two[:900], make([]byte, 4096), two[4996:]), len(head) + len(one)},
		{"a page missing", ffpipe.Ogg, join(head, two), 0},
		{"another stream", ffpipe.Ogg, join(head, one, stray), len(head) + len(one)},
		{"time goes back", ffpipe.Ogg, join(head, oggPage(2, 1920, noise(r, 9)), oggPage(3, 960, noise(r, 9))), len(head) + len(oggPage(2, 1920, noise(r, 9)))},

		{"empty", ffpipe.MP3, nil, 0},
		{"zeros", ffpipe.MP3, make([]byte, 5000), 0},
		{"whole", ffpipe.MP3, join(frame, frame, frame), 3 * 960},
		{"one byte short", ffpipe.MP3, join(frame, frame, frame[:959]), 2 * 960},
		{"half a header", ffpipe.MP3, join(frame, frame[:2]), 960},
		{"another kind", ffpipe.MP3, join(frame, other), 960},
		{"zeros behind", ffpipe.MP3, join(frame, make([]byte, 100)), 960},
		{"lost page", ffpipe.MP3, join(frame, frame, torn, make([]byte, 3456), frame), 2 * 960},
		{"lost page at the end", ffpipe.MP3, join(frame, frame, torn), 2 * 960},
		{"zeros that go on", ffpipe.MP3, join(frame, frame, torn, frame), 4 * 960},
	} {
		d := memory(bytes.Clone(tt.data))
		size, err := Truncate(d, tt.container, workPath)
		if tt.want == 0 {
			if !errors.Is(err, ErrEmpty) || !bytes.Equal(d.names[workPath].data, tt.data) {
				t.Errorf("%s %s: size %d, err %v", tt.container, tt.name, size, err)
			}
			continue
		}
		if err != nil || size != int64(tt.want) || !bytes.Equal(d.names[workPath].synced, tt.data[:tt.want]) {
			t.Errorf("%s %s: size %d of %d, want %d, err %v", tt.container, tt.name, size, len(tt.data), tt.want, err)
		}
	}
}

// TestOggEnd: the last page says where the programme ends, if it ends in that page.
func TestOggEnd(t *testing.T) {
	work := slices.Concat(oggHead(), oggPage(2, 9600, []byte{1}), oggPage(3, 19200, []byte{2}))
	for samples, want := range map[int64]int64{0: 19200, 18000: 18312, 9600: 9912, 9000: 9600, 100: 9600, 18888: 19200, 50000: 19200} {
		d := memory(work)
		if err := Finalise(context.Background(), Finaliser{Container: ffpipe.Ogg, FS: d, Samples: samples}, workPath, targetPath); err != nil {
			t.Fatal(err)
		}
		made := d.names[targetPath].data
		found, err := scanPages(memoryFile(made), int64(len(made)))
		if err != nil {
			t.Fatal(err)
		}
		if p, _, err := ogg.Parse(made[found.last:]); err != nil || p.Granule != want || p.Flags != ogg.Last {
			t.Errorf("%d samples: %+v, %v; want %d", samples, p, err, want)
		}
	}
}

// TestFinaliseSoundFails: nothing is left, and the work file stays.
func TestFinaliseSoundFails(t *testing.T) {
	for _, s := range sounds {
		work := append(s.head(), s.part(rand.New(rand.NewPCG(1, 2)), 0)...)
		for _, op := range []string{"create", "write", "sync", "rename"} {
			d := memory(bytes.Clone(work))
			d.fail = func(o, name string) (int, error) {
				if o == op && name != workPath || o == op && op == "rename" {
					return 0, errPower
				}
				return 0, nil
			}
			err := Finalise(context.Background(), Finaliser{Container: s.container, FS: d}, workPath, targetPath)
			if !errors.Is(err, errPower) || !strings.HasPrefix(err.Error(), "finalise room.mp4: ") || len(d.names) != 1 || !bytes.Equal(d.names[workPath].data, work) {
				t.Errorf("%s, %s: %v, files %v", s.container, op, err, d.names)
			}
		}
		d := memory(s.head())
		if err := Finalise(context.Background(), Finaliser{Container: s.container, FS: d}, workPath, targetPath); !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: nothing recorded: %v", s.container, err)
		}
	}
}

// TestTruncateRealSound cuts real files anywhere: what is left decodes without a complaint.
func TestTruncateRealSound(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, kind := range []ffpipe.Container{ffpipe.Ogg, ffpipe.MP3} {
		dir := t.TempDir()
		path := filepath.Join(dir, "work")
		args := []string{"-f", "lavfi", "-i", "sine=duration=4:sample_rate=48000", "-ac", "2", "-b:a", "128k"}
		if kind == ffpipe.Ogg {
			args = append(args, "-c:a", "libopus", "-page_duration", "200000")
		} else {
			args = append(args, "-reservoir", "0", "-write_xing", "0", "-id3v2_version", "0")
		}
		tool(t, "ffmpeg", append(args, "-f", string(kind), path)...)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			cut := 2000 + r.IntN(len(data)-2000)
			if kind == ffpipe.Ogg {
				cut = max(cut, 8000)
			}
			if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			size, err := Truncate(OS(), kind, path)
			if err != nil || size > int64(cut) || size < int64(cut)-5000 {
				t.Fatalf("%s cut at %d: %d, %v", kind, cut, size, err)
			}
			target := filepath.Join(dir, "target."+string(kind))
			if err := Finalise(context.Background(), Finaliser{Container: kind}, path, target); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{path, target} {
				pcm := tool(t, "ffmpeg", "-f", string(kind), "-i", file, "-f", "s16le", "-")
				if want := int(size) * 4 * 3; len(pcm) < want/2 { // 16 bytes of PCM are one of MP3 at 128 kb/s and 48 kHz
					t.Errorf("%s cut at %d: %d bytes of sound", file, cut, len(pcm))
				}
			}
		}
	}
}

func FuzzTruncateSound(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range sounds {
		whole := slices.Concat(s.head(), s.part(r, 0), s.part(r, 1))
		f.Add(string(s.container), whole)
		f.Add(string(s.container), whole[:len(whole)-9])
	}
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		c := ffpipe.MP3
		if kind == string(ffpipe.Ogg) {
			c = ffpipe.Ogg
		}
		d := memory(bytes.Clone(data))
		size, err := Truncate(d, c, workPath)
		if err != nil {
			if !errors.Is(err, ErrEmpty) || !bytes.Equal(d.names[workPath].data, data) {
				t.Fatalf("err = %v", err)
			}
			return
		}
		if size <= 0 || size > int64(len(data)) || !bytes.Equal(d.names[workPath].data, data[:size]) {
			t.Fatalf("size %d of %d", size, len(data))
		}
		if err := Finalise(context.Background(), Finaliser{Container: c, FS: d, Samples: 1000}, workPath, targetPath); err != nil {
			t.Fatal(err)
		}
	})
}
