package outputs

import (
	"bytes"
	"encoding/binary"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
)

// measured is what a viewer of a file gets.
type measured struct {
	o        ffpipe.EncoderOptions
	frames   []float64 // presentation times, seconds
	flashes  []float64 // begin of each
	beeps    []float64
	duration float64 // of the container
}

// tool runs ffmpeg or ffprobe; anything on stderr is a fault of the file.
func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, append([]string{"-v", "error"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Fatalf("%s %v: %v\n%s", name, args, err, errs.Bytes())
	}
	return out.Bytes()
}

func numbers(t *testing.T, b []byte) []float64 {
	t.Helper()
	var all []float64
	for line := range strings.Lines(string(b)) {
		line = strings.Trim(line, "\n,")
		if line == "" {
			continue
		}
		v, err := strconv.ParseFloat(line, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func measure(t *testing.T, path string, o ffpipe.EncoderOptions) measured {
	t.Helper()
	m := measured{o: o}
	tool(t, "ffmpeg", "-i", path, "-f", "null", "-")
	if d := numbers(t, tool(t, "ffprobe", "-show_entries", "format=duration", "-of", "csv=p=0", path)); len(d) == 1 {
		m.duration = d[0]
	}
	for _, stream := range []string{"v", "a"} {
		last := math.Inf(-1)
		for _, dts := range numbers(t, tool(t, "ffprobe", "-select_streams", stream, "-show_entries", "packet=dts_time", "-of", "csv=p=0", path)) {
			if dts <= last {
				t.Errorf("%s: %s packet at %f after %f", path, stream, dts, last)
			}
			last = dts
		}
	}
	if o.Video {
		m.frames = numbers(t, tool(t, "ffprobe", "-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0", path))
		gray := tool(t, "ffmpeg", "-i", path, "-map", "0:v", "-vf", "scale=1:1:flags=area,format=gray", "-fps_mode", "passthrough", "-f", "rawvideo", "-")
		if len(gray) != len(m.frames) {
			t.Fatalf("%d frames decoded, %d probed", len(gray), len(m.frames))
		}
		for i, v := range gray {
			if v > 128 && (i == 0 || gray[i-1] <= 128) {
				m.flashes = append(m.flashes, m.frames[i])
			}
		}
	}
	if o.Audio {
		start := numbers(t, tool(t, "ffprobe", "-select_streams", "a", "-show_entries", "frame=pts_time", "-read_intervals", "%+#3", "-of", "csv=p=0", path))
		if len(start) < 1 {
			t.Fatal("no sound")
		}
		rate := strconv.Itoa(o.AudioFrequency)
		pcm := tool(t, "ffmpeg", "-i", path, "-map", "0:a", "-ac", "1", "-ar", rate, "-f", "s16le", "-")
		quiet := 1 << 30
		for i := 0; i+1 < len(pcm); i += 2 {
			v := int16(binary.LittleEndian.Uint16(pcm[i:]))
			quiet++
			if v > 6000 || v < -6000 {
				if quiet > o.AudioFrequency/5 {
					m.beeps = append(m.beeps, max(0, start[0])+float64(i/2)/float64(o.AudioFrequency))
				}
				quiet = 0
			}
		}
	}
	return m
}

// check compares with what was put in: a flash and a beep at each whole second.
func (m measured) check(t *testing.T, want time.Duration, stats EncodingStats) {
	t.Helper()
	frame, missing := 1/float64(m.o.FPS), stats.MissingFrames
	t.Logf("duration %.3f, flashes %.3f, beeps %.4f", m.duration, m.flashes, m.beeps)
	if d := m.duration - want.Seconds(); math.Abs(d) > 0.03 {
		t.Errorf("duration %f, want %s", m.duration, want)
	}
	seconds := int(math.Ceil(want.Seconds()))
	if m.o.Video {
		if n := int64(math.Round(want.Seconds() * float64(m.o.FPS))); int64(len(m.frames)) != n-missing {
			t.Errorf("%d frames, want %d less %d", len(m.frames), n, missing)
		}
		for i := 1; i < len(m.frames); i++ {
			if step := m.frames[i] - m.frames[i-1]; step < frame/2 || missing == 0 && step > frame*3/2 {
				t.Errorf("frame %d comes %f s after the one before", i, step)
			}
		}
		// In the hole pictures are copies: a flash there is lost, or early when
		// it is the one that is copied.
		lost := seconds
		for _, at := range m.flashes {
			if math.Abs(at-math.Round(at)) < 1e-4 {
				lost--
			}
		}
		if hole := int(stats.HoleFrames+missing)/m.o.FPS + 1; lost > hole || len(m.flashes) < seconds-hole {
			t.Errorf("%d of %d flashes lost or out of place, hole of %d frames", lost, seconds, stats.HoleFrames)
		}
	}
	if m.o.Audio {
		if len(m.beeps) != seconds {
			t.Errorf("%d beeps in %d s", len(m.beeps), seconds)
		}
		for _, at := range m.beeps {
			if d := at - math.Round(at); math.Abs(d) > 0.003 {
				t.Errorf("beep at %f", at)
			}
		}
	}
}
