package ffpipe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const ffmpegPath = "ffmpeg"

// small is cheap to encode: two seconds take a fraction of one.
func small(change func(*EncoderOptions)) EncoderOptions {
	o := EncoderOptions{Video: true, Audio: true, Width: 64, Height: 48, FPS: 30, VideoBitrate: 200, AudioBitrate: 64, AudioFrequency: 48000}
	if change != nil {
		change(&o)
	}
	return o
}

// encode feeds seconds of moving picture and tone and returns the fMP4.
func encode(t *testing.T, o EncoderOptions, seconds int) []byte {
	t.Helper()
	e, err := StartEncoder(ffmpegPath, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	if o.Video {
		wg.Go(func() {
			defer e.Video().Close()
			for n := range seconds * o.FPS {
				if _, err := e.Video().Write(picture(o.Width, o.Height, n)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if o.Audio {
		wg.Go(func() {
			defer e.Audio().Close()
			if _, err := e.Audio().Write(tone(seconds * 48000)); err != nil {
				t.Error(err)
			}
		})
	}
	out, err := io.ReadAll(e.Output())
	if err != nil {
		t.Error(err)
	}
	wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := e.Stop(ctx); err != nil {
		t.Errorf("stop: %v\n%s", err, strings.Join(e.Proc().Tail(), "\n"))
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if p := e.Progress(); !p.End || (o.Video && p.Frame != int64(seconds*o.FPS)) || p.TotalSize != int64(len(out)) || p.Dup+p.Drop != 0 {
		t.Errorf("progress at the end: %+v, %d bytes", p, len(out))
	}
	return out
}

func picture(width, height, n int) []byte {
	pix := bytes.Repeat([]byte{128}, width*height*3/2)
	for y := range height {
		for x := range width {
			pix[y*width+x] = byte(16 + (x*3+y*5+n*7)%220)
		}
	}
	return pix
}

func tone(samples int) []byte {
	pcm := make([]byte, 0, samples*4)
	for i := range samples {
		s := uint16(int16(8000 * math.Sin(float64(i)*2*math.Pi*440/48000)))
		pcm = binary.LittleEndian.AppendUint16(pcm, s)
		pcm = binary.LittleEndian.AppendUint16(pcm, s)
	}
	return pcm
}

// probe runs ffprobe on data and returns its lines.
func probe(t *testing.T, data []byte, args ...string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.mp4")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"-v", "error"}, append(args, "-of", "compact=p=0", path)...)
	var stderr bytes.Buffer
	cmd := exec.Command("ffprobe", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("ffprobe: %v %s", err, stderr.String())
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimRight(line, "|\n"); line != "" { // side data makes empty lines
			lines = append(lines, line)
		}
	}
	return lines
}

func TestEncoderOutput(t *testing.T) {
	for _, frequency := range []int{44100, 48000} {
		t.Run(strconv.Itoa(frequency), func(t *testing.T) {
			out := encode(t, small(func(o *EncoderOptions) { o.AudioFrequency = frequency }), 2)
			got := strings.Join(probe(t, out, "-show_entries",
				"stream=codec_name,profile,width,height,pix_fmt,color_range,color_space,color_transfer,color_primaries,sample_aspect_ratio,time_base,r_frame_rate,sample_rate,channels,start_pts,nb_read_packets",
				"-count_packets"), "\n")
			priming := -1024 // one AAC frame before zero, which the edit list hides
			packets := 1 + (2*frequency+1023)/1024
			want := fmt.Sprintf("codec_name=h264|profile=Main|width=64|height=48|sample_aspect_ratio=1:1|pix_fmt=yuv420p|color_range=tv|color_space=bt709|color_transfer=bt709|color_primaries=bt709|r_frame_rate=30/1|time_base=1/15360|start_pts=0|nb_read_packets=60\n"+
				"codec_name=aac|profile=LC|sample_rate=%d|channels=2|r_frame_rate=0/0|time_base=1/%d|start_pts=%d|nb_read_packets=%d", frequency, frequency, priming, packets)
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// Every frame's time is n/fps exactly, whatever the frame rate.
func TestEncoderTimesAreExact(t *testing.T) {
	for _, fps := range []int{1, 7, 23, 60, 120} {
		t.Run(strconv.Itoa(fps), func(t *testing.T) {
			o := small(func(o *EncoderOptions) { o.FPS, o.Audio = fps, false })
			lines := probe(t, encode(t, o, 3), "-show_entries", "frame=pts")
			if len(lines) != 3*fps {
				t.Fatalf("%d frames, want %d", len(lines), 3*fps)
			}
			for n, line := range lines {
				if want := fmt.Sprintf("pts=%d", n*ticksPerFrame); line != want {
					t.Fatalf("frame %d: %s, want %s (timescale %d)", n, line, want, o.Timescale())
				}
			}
		})
	}
}

func TestEncoderKeyframes(t *testing.T) {
	out := encode(t, small(func(o *EncoderOptions) { o.FPS, o.SegmentSeconds, o.KeyFrameInterval = 10, 3, 2 }), 9)
	for n, line := range probe(t, out, "-select_streams", "v", "-show_entries", "frame=key_frame") {
		if want := fmt.Sprintf("key_frame=%d", b2i(n%15 == 0)); line != want {
			t.Errorf("frame %d: %s", n, line)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestEncoderNoBFrames(t *testing.T) {
	zero := 0
	out := encode(t, small(func(o *EncoderOptions) { o.BFrames = &zero }), 1)
	if got := probe(t, out, "-select_streams", "v", "-show_entries", "stream=has_b_frames,start_pts"); got[0] != "has_b_frames=0|start_pts=0" {
		t.Errorf("got %q", got)
	}
}

// Each profile and option must be one that this ffmpeg takes.
func TestEncoderTakesEveryOption(t *testing.T) {
	for name, o := range goldenOptions() {
		if strings.Contains(name, "h264") && name != "h264_720p_30" {
			continue // at this size they differ in nothing new
		}
		if o.Device.Hardware() {
			continue // there may be none
		}
		t.Run(name, func(t *testing.T) {
			o.Width, o.Height = 64, 48
			out := encode(t, o, 1)
			want := o.Profile
			if o.Video {
				got := strings.ToLower(probe(t, out, "-select_streams", "v", "-show_entries", "stream=profile")[0])
				if !strings.Contains(got, want) {
					t.Errorf("profile %s, want %s", got, want)
				}
			}
			if o.Audio {
				rate, codec := o.AudioFrequency, o.codec()
				if codec == Opus {
					rate = 48000
				}
				want := fmt.Sprintf("codec_name=%s|sample_rate=%d", codec, rate)
				if got := probe(t, out, "-select_streams", "a", "-show_entries", "stream=codec_name,sample_rate")[0]; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

func initOf(t *testing.T, mp4 []byte) []byte {
	t.Helper()
	end := bytes.Index(mp4, []byte("moof"))
	if end < 4 {
		t.Fatal("no fragment")
	}
	return mp4[:end-4]
}

func TestEncoderInitIsTheSame(t *testing.T) {
	a, b := encode(t, small(nil), 1), encode(t, small(nil), 2)
	if !bytes.Equal(initOf(t, a), initOf(t, b)) {
		t.Error("two runs with the same options have different init segments")
	}
}

// An audio-only job must write as it goes, not at its end.
func TestEncoderAudioOnlyFlows(t *testing.T) {
	e, err := StartEncoder(ffmpegPath, small(func(o *EncoderOptions) { o.Video = false }), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Audio().Write(tone(3 * 48000)); err != nil {
		t.Fatal(err)
	}
	_ = e.Output().SetReadDeadline(time.Now().Add(patience))
	var got []byte
	for bytes.Count(got, []byte("moof")) < 3 {
		buf := make([]byte, 4096)
		n, err := e.Output().Read(buf)
		if err != nil {
			t.Fatalf("%v after %d bytes, with the input still open", err, len(got))
		}
		got = append(got, buf[:n]...)
	}
}

func TestEncoderLeavesNothing(t *testing.T) {
	before := descriptors(t)
	encode(t, small(nil), 1)
	// Given up in the middle, with nobody reading.
	e, err := StartEncoder(ffmpegPath, small(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Video().Write(picture(64, 48, 0)); err != nil {
		t.Fatal(err)
	}
	exit := ErrorOf(e.Close())
	if exit == nil || !exit.Wanted {
		t.Errorf("err = %+v", exit)
	}
	if err := e.Close(); ErrorOf(err) != exit {
		t.Errorf("second Close: %v", err)
	}
	// Never started.
	if _, err := StartEncoder("/nonexistent/ffmpeg", small(nil), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
	if _, err := StartEncoder(ffmpegPath, EncoderOptions{}, nil); err == nil {
		t.Error("empty options were taken")
	}
	if after := descriptors(t); len(after) != len(before) {
		t.Errorf("descriptors left:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

// A killed encoder is an error with a cause, and a writer is not left hanging.
func TestEncoderKilled(t *testing.T) {
	e, err := StartEncoder(ffmpegPath, small(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error)
	go func() {
		for {
			if _, err := e.Video().Write(picture(64, 48, 0)); err != nil {
				wrote <- err
				return
			}
		}
	}()
	e.Proc().Kill()
	if err := <-wrote; !errors.Is(err, os.ErrClosed) && !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("write: %v", err)
	}
	if err := e.Close(); err == nil {
		t.Error("killed, and no error")
	}
}
