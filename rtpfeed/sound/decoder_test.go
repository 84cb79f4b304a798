package sound

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"testing"

	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

// tone is count samples of a sine, mono.
func tone(hz, amplitude float64, rate, count int) []int16 {
	pcm := make([]int16, count)
	for i := range pcm {
		pcm[i] = int16(math.Round(amplitude * 32767 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return pcm
}

// snr fits a sine of the frequency to one channel and compares it with what is left, in dB.
func snr(pcm []int16, channel int, hz float64) float64 {
	n := len(pcm) / Channels
	var ss, cc, sc, sy, cy, yy float64
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / SampleRate)
		y := float64(pcm[i*Channels+channel])
		ss, cc, sc = ss+s*s, cc+c*c, sc+s*c
		sy, cy, yy = sy+s*y, cy+c*y, yy+y*y
	}
	det := ss*cc - sc*sc
	a, b := (sy*cc-cy*sc)/det, (cy*ss-sy*sc)/det
	signal := a*a*ss + 2*a*b*sc + b*b*cc
	return 10 * math.Log10(signal/max(yy-signal, 1e-9))
}

// opusPackets has ffmpeg encode.
func opusPackets(t *testing.T, pcm []int16, channels int, args ...string) [][]byte {
	t.Helper()
	raw := new(bytes.Buffer)
	_ = binary.Write(raw, binary.LittleEndian, pcm)
	all := append([]string{"-v", "error", "-f", "s16le", "-ar", "48000", "-ac", fmt.Sprint(channels), "-i", "pipe:0", "-c:a", "libopus"}, args...)
	cmd := exec.Command("ffmpeg", append(all, "-page_duration", "1000", "-f", "ogg", "pipe:1")...)
	cmd.Stdin = raw
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := oggreader.NewWith(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	var packets [][]byte
	for n := 0; ; n++ {
		data, _, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 { // the first are tags
			packets = append(packets, data)
		}
	}
}

func TestOpus(t *testing.T) {
	for _, c := range []struct {
		name     string
		channels int
		duration string
		args     []string
		least    float64 // SNR, dB
	}{
		{"10 ms mono", 1, "10", []string{"-b:a", "64k"}, 25},
		{"20 ms stereo", 2, "20", []string{"-b:a", "96k"}, 25},
		{"40 ms mono voice", 1, "40", []string{"-b:a", "24k", "-application", "voip"}, 15},
		{"60 ms stereo", 2, "60", []string{"-b:a", "96k"}, 25},
	} {
		t.Run(c.name, func(t *testing.T) {
			mono := tone(440, 0.5, SampleRate, SampleRate)
			pcm := make([]int16, 0, c.channels*len(mono))
			for _, v := range mono {
				for range c.channels {
					pcm = append(pcm, v)
				}
			}
			d, err := NewOpus()
			if err != nil {
				t.Fatal(err)
			}
			var out []int16
			for _, p := range opusPackets(t, pcm, c.channels, append(c.args, "-frame_duration", c.duration)...) {
				want, err := OpusSamples(p)
				if err != nil {
					t.Fatal(err)
				}
				before := len(out)
				if out, err = d.Decode(p, out); err != nil {
					t.Fatal(err)
				}
				if got := (len(out) - before) / Channels; got != want {
					t.Fatalf("%d samples, want %d", got, want)
				}
			}
			if n := len(out) / Channels; n < SampleRate || n > SampleRate+3000 {
				t.Errorf("%d samples of %d", n, SampleRate)
			}
			for ch := range Channels {
				if got := snr(out[Channels*SampleRate/4:Channels*SampleRate*3/4], ch, 440); got < c.least {
					t.Errorf("channel %d: SNR %.1f dB", ch, got)
				}
			}
		})
	}
}

func TestOpusSilence(t *testing.T) {
	d, err := NewOpus()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range [][]byte{{0xf8}, {0xf8, 0xff}, {0x78}, {0xf8, 0xff, 0xfe}} {
		out, err := d.Decode(p, nil)
		if err != nil {
			t.Errorf("% x: %v", p, err)
			continue
		}
		if n := len(out) / Channels; n != 960 {
			t.Errorf("% x: %d samples", p, n)
		}
		for _, v := range out {
			if v > 1 || v < -1 {
				t.Errorf("% x is heard", p)
				break
			}
		}
	}
}

func TestOpusSamples(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		want   int // 0 = an error
	}{
		{nil, 0}, {[]byte{0xf8}, 960}, {[]byte{0xfb}, 0}, {[]byte{0xfb, 3}, 2880}, {[]byte{0xfb, 0}, 0}, {[]byte{0xfb, 7}, 0},
		{[]byte{0x18}, 2880}, {[]byte{0x19}, 5760}, {[]byte{0x00}, 480}, {[]byte{0x60}, 480}, {[]byte{0x68}, 960}, {[]byte{0x80}, 120},
	} {
		got, err := OpusSamples(c.packet)
		if got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("% x: %d, %v, want %d", c.packet, got, err, c.want)
		}
	}
}

// g711Codes has ffmpeg encode at 8 kHz.
func g711Codes(t *testing.T, format string, pcm []int16) []byte {
	t.Helper()
	raw := new(bytes.Buffer)
	_ = binary.Write(raw, binary.LittleEndian, pcm)
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "s16le", "-ar", "8000", "-ac", "1", "-i", "pipe:0", "-f", format, "pipe:1")
	cmd.Stdin = raw
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestG711Tables compares the tables with ffmpeg's.
func TestG711Tables(t *testing.T) {
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	for law, format := range map[Law]string{MuLaw: "mulaw", ALaw: "alaw"} {
		cmd := exec.Command("ffmpeg", "-v", "error", "-f", format, "-ar", "8000", "-ac", "1", "-i", "pipe:0", "-f", "s16le", "pipe:1")
		cmd.Stdin = bytes.NewReader(codes)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range tables[law] {
			if want := int16(binary.LittleEndian.Uint16(out[2*i:])); got != want {
				t.Errorf("%s %#x is %d, want %d", format, i, got, want)
			}
		}
	}
}

func TestG711(t *testing.T) {
	for law, codec := range map[Law]string{MuLaw: "mulaw", ALaw: "alaw"} {
		for _, hz := range []float64{300, 1000, 2000, 3000, 3400} {
			codes := g711Codes(t, codec, tone(hz, 0.5, 8000, 8000))
			d := NewG711(law)
			var out []int16
			for k := 0; k+160 <= len(codes); k += 160 {
				var err error
				if out, err = d.Decode(codes[k:k+160], out); err != nil {
					t.Fatal(err)
				}
			}
			if len(out) != 8000*upFactor*Channels {
				t.Fatalf("%d samples", len(out)/Channels)
			}
			// G.711 itself has 37 dB or so.
			if got := snr(out[9600:len(out)-9600], 0, hz); got < 33 {
				t.Errorf("%s, %v Hz: SNR %.1f dB", codec, hz, got)
			}
		}
	}
}

// TestUpsampler: of a tone that is exact, images are far below what G.711 leaves; and its delay is what it says.
func TestUpsampler(t *testing.T) {
	for _, hz := range []float64{300, 1000, 2000, 3000, 3400} {
		var u upsampler
		var out []int16
		for _, v := range tone(hz, 0.9, 8000, 8000) {
			for _, w := range u.push(v) {
				out = append(out, w, w)
			}
		}
		got := snr(out[9600:len(out)-9600], 0, hz)
		t.Logf("%v Hz: %.1f dB", hz, got)
		if got < 60 {
			t.Errorf("%v Hz: SNR %.1f dB", hz, got)
		}
		worst := 0.0
		for i := 4800; i < 40000; i++ {
			want := 0.9 * 32767 * math.Sin(2*math.Pi*hz*float64(i-upDelay)/SampleRate)
			worst = max(worst, math.Abs(want-float64(out[i*Channels])))
		}
		if worst > 1500 { // 0.5 dB down at the edge of speech
			t.Errorf("%v Hz: %.0f off its place", hz, worst)
		}
	}
}

func FuzzOpus(f *testing.F) {
	f.Add([]byte{0xf8, 0xff, 0xfe})
	f.Add([]byte{0x0b, 0x83, 1, 2, 3, 4, 5, 6, 7})
	f.Add([]byte{0x7c, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := NewOpus()
		if err != nil {
			t.Fatal(err)
		}
		for len(data) > 0 {
			n := min(int(data[0])+1, len(data))
			out, err := d.Decode(data[:n], nil)
			if err == nil && len(out) > maxPacket*Channels || err != nil && len(out) > 0 {
				t.Fatalf("%d samples, %v", len(out), err)
			}
			data = data[n:]
		}
	})
}
