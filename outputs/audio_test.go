package outputs

import (
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

// sine is 440 Hz from sample 0 on, a quarter of full scale.
func sine(m int64) int16 {
	return int16(math.Round(8192 * math.Sin(2*math.Pi*440*float64(m)/programme.SampleRate)))
}

// heard is a file's sound as a player gives it, at the file's own rate.
func heard(t *testing.T, path string, rate int) []float64 {
	t.Helper()
	raw := tool(t, "ffmpeg", "-i", path, "-map", "0:a", "-ac", "1", "-ar", strconv.Itoa(rate), "-f", "s16le", "-")
	pcm := make([]float64, len(raw)/2)
	for i := range pcm {
		pcm[i] = float64(int16(binary.LittleEndian.Uint16(raw[2*i:])))
	}
	return pcm
}

// worst is the largest error of any 10 ms against the sine, as a share of it, and where that is. The last
// packet is left out: what follows the end is in it.
func worst(pcm []float64, rate int) (share float64, at float64) {
	block := rate / 100
	for from := 0; from+block < len(pcm)-rate/25; from += block {
		var sum float64
		for i := from; i < from+block; i++ {
			d := pcm[i] - 8192*math.Sin(2*math.Pi*440*float64(i)/float64(rate))
			sum += d * d
		}
		if e := math.Sqrt(sum/float64(block)) / (8192 / math.Sqrt2); e > share {
			share, at = e, float64(from)/float64(rate)
		}
	}
	return share, at
}

// audioFiles are the kinds of file without a picture. A player of Ogg gets exactly the programme's sound; LAME, and
// ffmpeg's Opus in MP4, may lack up to 20 ms at the end, AAC ends with its last packet.
var audioFiles = []struct {
	name     string
	o        ffpipe.EncoderOptions
	rate     int
	over     int     // samples that may be too many
	seam     float64 // error that a restart may make, as a share
	encoding float64 // and the codec by itself
}{
	{"ogg", ffpipe.EncoderOptions{Audio: true, Container: ffpipe.Ogg}, 48000, 0, 0.1, 0.05},
	{"mp3", ffpipe.EncoderOptions{Audio: true, Container: ffpipe.MP3, AudioFrequency: 44100}, 44100, 0, 0.08, 0.08},
	{"mp3 48 kHz", ffpipe.EncoderOptions{Audio: true, Container: ffpipe.MP3, AudioFrequency: 48000}, 48000, 0, 0.08, 0.08},
	{"mp3 22 kHz", ffpipe.EncoderOptions{Audio: true, Container: ffpipe.MP3, AudioFrequency: 22050}, 22050, 0, 0.08, 0.08},
	{"aac in mp4", ffpipe.EncoderOptions{Audio: true, AudioFrequency: 44100}, 44100, 1024, 1.5, 0.06},
	{"opus in mp4", ffpipe.EncoderOptions{Audio: true, AudioCodec: ffpipe.Opus}, 48000, 960, 1.5, 0.05},
}

// TestAudioFiles: what is heard is what was put in, from its first sample on, for exactly as long; and where the
// encoder was killed it goes on without a jump.
func TestAudioFiles(t *testing.T) {
	for _, c := range audioFiles {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, killed %t", c.name, kill), func(t *testing.T) {
				r := newRig(t, c.o)
				r.sound = sine
				file := r.record()
				file.Target = strings.TrimSuffix(file.Target, ".mp4") + "." + string(r.hub.o.Container)
				r.start()
				r.push(101, true)
				waitFor(t, "a fragment", func() bool { return r.hub.Stats().Fragments > 2 })
				if kill {
					r.kill()
				}
				r.push(90, true)
				r.end()
				result, err := file.Finish(t.Context())
				if err != nil || r.encoding.Err() != nil {
					t.Fatal(err, r.encoding.Err())
				}
				total, whole := r.hub.Total()
				want := r.format.Timeline().SampleTime(total.Sample)
				if !whole || result.Duration != want || result.Note != "" {
					t.Errorf("%+v, want %v", result, want)
				}
				stats := r.encoding.Stats()
				if kill != (stats.Restarts == 1) || stats.HoleSamples != 0 {
					t.Errorf("%+v", stats)
				}
				pcm := heard(t, result.Path, c.rate)
				samples := int(math.Round(want.Seconds() * float64(c.rate)))
				if off := len(pcm) - samples; off < -c.rate/50 || off > c.over {
					t.Errorf("%d samples, want %d", len(pcm), samples)
				}
				share, at := worst(pcm, c.rate)
				t.Logf("%d samples of %d, worst error %.4f at %.2f s", len(pcm), samples, share, at)
				if share > c.encoding && !(kill && share <= c.seam) {
					t.Errorf("error of %.3f at %.2f s", share, at)
				}
			})
		}
	}
}

// TestAudioIsPlayableAsItGrows: the work file of a recorder that was killed plays after it was cut.
func TestAudioIsPlayableAsItGrows(t *testing.T) {
	for _, c := range audioFiles[:2] {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.o)
			r.sound = sine
			file := r.record()
			r.start()
			r.push(90, true)
			waitFor(t, "two seconds of sound", func() bool { return r.hub.End().Sample >= 2*programme.SampleRate })
			if err := syscall.Kill(r.encoding.Stats().PID, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the writes", func() bool { return file.Written() == r.hub.Stats().Bytes })
			pcm := heard(t, file.Work, c.rate)
			if len(pcm) < 2*c.rate {
				t.Errorf("%d samples", len(pcm))
			}
			r.encoding.Kill()
			<-r.encoding.Done()
			result, err := file.Finish(t.Context())
			if err != nil || result.Duration < 2e9 {
				t.Fatal(result, err)
			}
			pcm = heard(t, result.Path, c.rate)
			if share, at := worst(pcm, c.rate); share > c.encoding || len(pcm) < 2*c.rate {
				t.Errorf("%d samples, error of %.3f at %.2f s", len(pcm), share, at)
			}
			if ext := filepath.Ext(result.Path); ext != ".mp4" { // the rig's name: content decides
				t.Errorf("extension %s", ext)
			}
		})
	}
}
