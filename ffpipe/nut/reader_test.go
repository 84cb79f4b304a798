package nut

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"testing"
	"time"
)

// made is a NUT file of ffmpeg's: count frames of 16x16 I420, frame n filled with n, 1/25 s apart.
func made(t testing.TB, count int, args ...string) []byte {
	t.Helper()
	raw := make([]byte, 0, count*384)
	for n := range count {
		raw = append(raw, bytes.Repeat([]byte{byte(n)}, 384)...)
	}
	all := append([]string{"-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "16x16", "-r", "25", "-i", "pipe:0"}, args...)
	cmd := exec.Command("ffmpeg", append(all, "-c:v", "rawvideo", "-f", "nut", "pipe:1")...)
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReadsWhatFFmpegWrites(t *testing.T) {
	const count = 200
	for name, args := range map[string][]string{
		"as it is":     nil,
		"microseconds": {"-enc_time_base", "1:1000000", "-fps_mode", "passthrough"},
		"gaps":         {"-vf", "setpts=PTS+gte(N\\,100)*1000/TB", "-enc_time_base", "1:1000000", "-fps_mode", "passthrough"},
		"unflushed":    {"-flush_packets", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(bytes.NewReader(made(t, count, args...)))
			for n := range count {
				f, err := r.Next()
				if err != nil {
					t.Fatalf("frame %d: %v", n, err)
				}
				want := time.Duration(n) * time.Second / 25
				if name == "gaps" && n >= 100 {
					want += 1000 * time.Second
				}
				if f.Time() != want {
					t.Fatalf("frame %d stands at %v, want %v", n, f.Time(), want)
				}
				if n%7 == 3 {
					if err := r.Skip(f); err != nil {
						t.Fatal(err)
					}
					continue
				}
				pix := make([]byte, 384)
				if err := r.Read(f, pix); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(pix, bytes.Repeat([]byte{byte(n)}, 384)) {
					t.Fatalf("frame %d has other bytes", n)
				}
			}
			if _, err := r.Next(); err != io.EOF {
				t.Fatalf("after the last frame: %v", err)
			}
			if w, h := r.Dimensions(); w != 16 || h != 16 {
				t.Errorf("%dx%d", w, h)
			}
		})
	}
}

func TestBrokenFiles(t *testing.T) {
	whole := made(t, 3)
	for n := range len(whole) {
		r := NewReader(bytes.NewReader(whole[:n]))
		for {
			f, err := r.Next()
			if err == nil {
				err = r.Read(f, make([]byte, f.Size))
			}
			if err == nil {
				continue
			}
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("cut at %d: %v", n, err)
			}
			break
		}
	}
	r := NewReader(bytes.NewReader([]byte("no nut/multimedia container at all")))
	if _, err := r.Next(); !errors.Is(err, ErrFormat) {
		t.Errorf("another file: %v", err)
	}
	r = NewReader(bytes.NewReader(whole))
	f, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Read(f, make([]byte, f.Size+1)); !errors.Is(err, ErrFormat) {
		t.Errorf("a buffer of another size: %v", err)
	}
}

func TestFrameTime(t *testing.T) {
	for _, c := range []struct {
		pts  int64
		base ratio
		want time.Duration
	}{
		{0, ratio{1, 25}, 0},
		{1, ratio{1, 3}, 333333333},
		{-1, ratio{1, 1000}, -time.Millisecond},
		{1 << 62, ratio{1, 1}, 1<<63 - 1},
		{1 << 40, ratio{1, 1e6}, time.Duration(1<<40) * time.Microsecond},
		{1 << 62, ratio{1 << 31, 1}, 1<<63 - 1},
	} {
		if got := (Frame{PTS: c.pts, timeBase: c.base}).Time(); got != c.want {
			t.Errorf("%d of %v is %v, want %v", c.pts, c.base, got, c.want)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(made(f, 4))
	f.Add(made(f, 2, "-enc_time_base", "1:1000000", "-fps_mode", "passthrough"))
	f.Add([]byte(fileID + "N"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data))
		for n := 0; ; n++ {
			frame, err := r.Next()
			if err != nil {
				return
			}
			if frame.Size < 0 || n > len(data) {
				t.Fatalf("frame %d has %d bytes", n, frame.Size)
			}
			frame.Time()
			if frame.Size > len(data)+maxElision {
				err = r.Skip(frame)
			} else {
				err = r.Read(frame, make([]byte, frame.Size))
			}
			if err != nil {
				return
			}
		}
	})
}
