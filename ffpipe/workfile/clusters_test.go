package workfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/matroska"
)

// clustersFile is a work file of count frames, and where each of its parts ends.
func clustersFile(count int) (data []byte, ends []int64) {
	data = matroska.Head(matroska.Track{Codec: "V_VP8", Video: true, Width: 64, Height: 48})
	ends = []int64{int64(len(data))}
	for n := range count {
		k := matroska.Block{Track: 1, At: time.Duration(n) * 33366 * time.Microsecond, Key: n == 0, Data: bytes.Repeat([]byte{byte(n + 1)}, 300*(n+1))}
		if n == count-1 {
			k.Duration = time.Second
		}
		data = matroska.AppendCluster(data, k)
		ends = append(ends, int64(len(data)))
	}
	return data, ends
}

func TestTruncateMatroska(t *testing.T) {
	data, ends := clustersFile(5)
	for cut := range int64(len(data)) + 1 {
		want := int64(0)
		for _, end := range ends[1:] {
			if end <= cut {
				want = end
			}
		}
		d := memory(bytes.Clone(data[:cut]))
		got, err := Truncate(d, ffpipe.Matroska, workPath)
		if want == 0 {
			if !errors.Is(err, ErrEmpty) {
				t.Fatalf("cut at %d: %d, %v", cut, got, err)
			}
			continue
		}
		if err != nil || got != want || int64(len(d.kept(workPath))) != want {
			t.Fatalf("cut at %d: %d, %v; want %d", cut, got, err, want)
		}
	}
}

func TestTruncateMatroskaWithLostPages(t *testing.T) {
	for lost := range 5 {
		data, ends := clustersFile(5)
		clear(data[ends[lost]+100 : ends[lost]+110])
		got, err := Truncate(memory(data), ffpipe.Matroska, workPath)
		if lost == 0 {
			if !errors.Is(err, ErrEmpty) {
				t.Errorf("first lost: %d, %v", got, err)
			}
		} else if err != nil || got != ends[lost] {
			t.Errorf("%d lost: %d, %v; want %d", lost, got, err, ends[lost])
		}
	}
}

// TestMuxReal makes a WebM of real VP8 frames, with a gap in them, and an Ogg of G.711.
func TestMuxReal(t *testing.T) {
	dir := t.TempDir()
	ivf := filepath.Join(dir, "in.ivf")
	tool(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=1", "-c:v", "libvpx", "-g", "10", "-f", "ivf", ivf)
	raw, err := os.ReadFile(ivf)
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(dir, "work.mkv")
	data := matroska.Head(matroska.Track{Codec: "V_VP8", Video: true, Width: 128, Height: 96})
	for at, n := 32, 0; at < len(raw); n++ {
		size := int(binary.LittleEndian.Uint32(raw[at:]))
		frame := raw[at+12:][:size]
		at += 12 + size
		k := matroska.Block{Track: 1, At: time.Duration(n) * 40 * time.Millisecond, Key: frame[0]&1 == 0, Data: frame}
		if n >= 12 {
			k.At += 3 * time.Second
		}
		data = matroska.AppendCluster(data, k)
	}
	if err := os.WriteFile(work, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.webm")
	if err := Finalise(t.Context(), Finaliser{Container: ffpipe.WebM, Matroska: true}, work, out); err != nil {
		t.Fatal(err)
	}
	if a, b := hashes(t, work), hashes(t, out); !slices.Equal(a, b) || len(a) != 25 {
		t.Errorf("packets %v became %v", a, b)
	}
	if d, err := Duration(OS(), ffpipe.WebM, out); err != nil || (d-4*time.Second).Abs() > 50*time.Millisecond {
		t.Errorf("it tells %v, want 4 s: %v", d, err)
	}
	if _, err := Duration(OS(), ffpipe.Matroska, work); !errors.Is(err, ErrUnmeasured) {
		t.Errorf("the work file tells its length: %v", err)
	}
	noTemporaries(t, dir, 3)

	pcm := filepath.Join(dir, "sound.mkv")
	data = matroska.Head(matroska.Track{Codec: "A_MS/ACM", Private: waveFormat(), Rate: 8000, Channels: 1})
	for n := range 50 {
		data = matroska.AppendCluster(data, matroska.Block{Track: 1, At: time.Duration(n) * 20 * time.Millisecond, Key: true, Data: bytes.Repeat([]byte{byte(n)}, 160)})
	}
	if err := os.WriteFile(pcm, data, 0o600); err != nil {
		t.Fatal(err)
	}
	sound := filepath.Join(dir, "out.ogg")
	if err := Finalise(t.Context(), Finaliser{Container: ffpipe.Ogg, Matroska: true, Bitrate: 128}, pcm, sound); err != nil {
		t.Fatal(err)
	}
	if got := decoded(t, sound, "a"); len(got) == 0 {
		t.Error("no sound")
	}
}

// hashes lists each packet's time and content.
func hashes(t *testing.T, path string) []string {
	t.Helper()
	out := tool(t, "ffprobe", "-show_data_hash", "MD5", "-show_entries", "packet=pts_time,data_hash", "-of", "compact=p=0", path)
	return strings.Fields(out)
}

// waveFormat is a WAVEFORMATEX of G.711 µ-law, 8 kHz mono.
func waveFormat() []byte {
	b := binary.LittleEndian.AppendUint16(nil, 7)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, 8000)
	b = binary.LittleEndian.AppendUint32(b, 8000)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 8)
	return binary.LittleEndian.AppendUint16(b, 0)
}

func FuzzTruncateMatroska(f *testing.F) {
	data, _ := clustersFile(3)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := memory(bytes.Clone(data))
		size, err := Truncate(d, ffpipe.Matroska, workPath)
		if err != nil {
			return
		}
		if size > int64(len(data)) {
			t.Fatalf("%d of %d bytes", size, len(data))
		}
		if again, err := Truncate(d, ffpipe.Matroska, workPath); err != nil || again != size {
			t.Fatalf("again: %d, %v; was %d", again, err, size)
		}
	})
}
