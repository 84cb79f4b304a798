package mp3

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// encoded is a tone by LAME, with what the muxer is told beside.
func encoded(t testing.TB, rate, bitrate, channels int, duration string, args ...string) []byte {
	t.Helper()
	all := append([]string{"-v", "error", "-f", "lavfi", "-i", "sine=duration=" + duration + ":sample_rate=48000", "-c:a", "libmp3lame",
		"-reservoir", "0", "-ar", fmt.Sprint(rate), "-b:a", fmt.Sprintf("%dk", bitrate), "-ac", fmt.Sprint(channels), "-id3v2_version", "0"}, args...)
	cmd := exec.Command("ffmpeg", append(all, "-f", "mp3", "-")...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err, stderr.String())
	}
	return b
}

// frames walks a stream that must be frames and nothing else.
func frames(t testing.TB, b []byte) (n int64, first Header) {
	t.Helper()
	for len(b) > 0 {
		h, err := ParseHeader(b)
		if err != nil || h.Size() > len(b) {
			t.Fatalf("frame %d: %v", n, err)
		}
		if n == 0 {
			first = h
		}
		if !h.Fits(first) {
			t.Fatalf("frame %d does not fit", n)
		}
		n++
		b = b[h.Size():]
	}
	return n, first
}

// TestInfo: with the Info frame a player gets exactly the programme, whatever the rates.
func TestInfo(t *testing.T) {
	for _, c := range []struct{ rate, bitrate, channels int }{
		{44100, 128, 2}, {44100, 32, 2}, {48000, 320, 2}, {32000, 64, 1}, {22050, 64, 2}, {24000, 8, 1}, {16000, 160, 2}, {11025, 16, 2}, {8000, 8, 1},
	} {
		b := encoded(t, c.rate, c.bitrate, c.channels, "1.5", "-write_xing", "0")
		n, h := frames(t, b)
		if h.Rate != c.rate || h.Bitrate != c.bitrate || h.Mono != (c.channels == 1) {
			t.Errorf("%+v: %+v", c, h)
		}
		want := int64(c.rate) * 3 / 2
		head, err := Info{Frames: n, Bytes: int64(len(b)), Samples: want, Sum: Checksum(0, b)}.Frame(h)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "a.mp3") // of a pipe ffmpeg plays the end as well
		if err := os.WriteFile(path, append(head, b...), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		pcm, err := cmd.Output()
		if err != nil || stderr.Len() > 0 {
			t.Errorf("%+v: %v %s", c, err, stderr.String())
		}
		// LAME may leave the programme's last few samples out, when they would need a frame for themselves.
		if got := int64(len(pcm) / 2 / c.channels); got > want || got < min(want, n*h.Samples()-Delay) {
			t.Errorf("%+v: %d samples, want %d of %d frames", c, got, want, n)
		}
	}
}

// TestInfoLikeFFmpeg compares with the frame that ffmpeg writes when it can go back in its file.
func TestInfoLikeFFmpeg(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mp3")
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=1.5:sample_rate=44100", "-c:a", "libmp3lame", "-reservoir", "0",
		"-b:a", "128k", "-ac", "2", "-id3v2_version", "0", path)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := ParseHeader(whole)
	if err != nil {
		t.Fatal(err)
	}
	theirs, rest := whole[:h.Size()], whole[h.Size():]
	n, h := frames(t, rest)
	ours, err := Info{Frames: n, Bytes: int64(len(rest)), Samples: 66150, Sum: Checksum(0, rest)}.Frame(h)
	if err != nil {
		t.Fatal(err)
	}
	tag := HeaderSize + h.sideInfo()
	for _, f := range []struct {
		name     string
		from, to int
	}{{"id, flags, frames, bytes", 0, 16}, {"delay and padding", 141, 144}, {"music length and checksum", 148, 154}} {
		if a, b := ours[tag+f.from:tag+f.to], theirs[tag+f.from:tag+f.to]; !bytes.Equal(a, b) {
			t.Errorf("%s: % x, ffmpeg has % x", f.name, a, b)
		}
	}
	if sum := binary.BigEndian.Uint16(theirs[tag+154:]); sum != Checksum(0, theirs[:tag+154]) {
		t.Errorf("checksum of the tag: ffmpeg has %04x", sum)
	}
}

func TestHeader(t *testing.T) {
	for _, bad := range []uint32{0, 0xffffffff, 0xfffb0064, 0xfffbf064, 0xfffb9c64, 0xffeb9064, 0xfff99064, 0xffff9064, 0x7ffb9064} {
		if h, err := ParseHeader(binary.BigEndian.AppendUint32(nil, bad)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%08x: %+v", bad, h)
		}
	}
	for bits, want := range map[uint32]Header{
		0xfffb9064: {Bitrate: 128, Rate: 44100},
		0xfffbe4c4: {Bitrate: 320, Rate: 48000, Mono: true},
		0xfff388c4: {low: true, Bitrate: 64, Rate: 16000, Mono: true},
		0xffe31864: {low: true, Bitrate: 8, Rate: 8000},
	} {
		want.bits = bits
		if h, err := ParseHeader(binary.BigEndian.AppendUint32(nil, bits)); err != nil || h != want {
			t.Errorf("%08x: %+v, %v", bits, h, err)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte{0xff, 0xfb, 0x90, 0x64})
	f.Add([]byte{0xff, 0xe3, 0x18, 0xc4})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			return
		}
		if h.Size() < 24 || h.Size() > 1441 || h.Samples() < 576 || h.Rate < 8000 {
			t.Fatalf("%+v, %d bytes", h, h.Size())
		}
		head, err := Info{Frames: 1 << 40, Bytes: 1 << 40, Samples: 1}.Frame(h)
		if err != nil || len(head) > 1441 {
			t.Fatalf("%+v: %v", h, err)
		}
		again, err := ParseHeader(head)
		if err != nil || again.Size() != len(head) || !again.Fits(h) {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}
