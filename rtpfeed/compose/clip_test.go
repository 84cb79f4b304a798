package compose

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"testing"

	"github.com/pion/webrtc/v4/pkg/media/oggreader"

	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/rtpfeed"
)

// The card that tests send: it flashes and beeps at frame 10 of each second.
const (
	cardID    = 1
	cardPhase = 10
	cardFPS   = 30
	cardKey   = 15 // distance of keyframes
)

// encoders are ffmpeg's arguments by codec: a keyframe each half second, nothing reordered.
var encoders = map[rtpfeed.Codec][]string{
	rtpfeed.VP8:  {"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-auto-alt-ref", "0", "-f", "ivf"},
	rtpfeed.VP9:  {"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-f", "ivf"},
	rtpfeed.AV1:  {"-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-f", "ivf"},
	rtpfeed.H264: {"-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-sc_threshold", "0", "-x264-params", "aud=1:sliced-threads=0", "-f", "h264"},
	rtpfeed.H265: {"-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-x265-params", "aud=1:repeat-headers=1:scenecut=0:log-level=none", "-f", "hevc"},
}

func ffmpeg(t testing.TB, stdin []byte, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("ffmpeg", append([]string{"-hide_banner", "-nostats", "-v", "error"}, args...)...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, stderr.String())
	}
	return out
}

// pictures encodes frames of the card, BT.601 as publishers send it and without a tag, as units at 30 frames a second.
func pictures(t testing.TB, codec rtpfeed.Codec, width, height, frames int) []rtpfeed.Unit {
	t.Helper()
	p, err := card.NewPainter(cardID, cardPhase, width, height, card.BT601)
	if err != nil {
		t.Fatal(err)
	}
	var raw []byte
	for n := range frames {
		raw = append(raw, p.Frame(n)...)
	}
	args := append([]string{"-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", width, height), "-r", "30", "-i", "pipe:0",
		"-b:v", "800k", "-g", strconv.Itoa(cardKey), "-keyint_min", strconv.Itoa(cardKey)}, encoders[codec]...)
	out := ffmpeg(t, raw, append(args, "pipe:1")...)
	var units []rtpfeed.Unit
	switch codec {
	case rtpfeed.H264, rtpfeed.H265:
		units = accessUnits(out, codec)
	default:
		for out = out[32:]; len(out) >= 12; {
			n := int(binary.LittleEndian.Uint32(out))
			frame := out[12 : 12+n]
			out = out[12+n:]
			parts := [][]byte{frame}
			if codec == rtpfeed.AV1 {
				parts = obus(t, frame)
			}
			units = append(units, rtpfeed.Unit{Parts: parts})
		}
	}
	if len(units) != frames {
		t.Fatalf("%v: %d units of %d frames", codec, len(units), frames)
	}
	for n := range units {
		units[n].Timestamp = uint32(n * 90000 / cardFPS)
		units[n].Keyframe = n%cardKey == 0
		if units[n].Keyframe {
			units[n].Width, units[n].Height = width, height
		}
	}
	return units
}

// accessUnits splits Annex B at its access unit delimiters.
func accessUnits(b []byte, codec rtpfeed.Codec) (units []rtpfeed.Unit) {
	for _, nal := range bytes.Split(b, []byte{0, 0, 1}) {
		nal = bytes.TrimRight(nal, "\x00")
		if len(nal) == 0 {
			continue
		}
		delimiter := nal[0]&0x1f == 9
		if codec == rtpfeed.H265 {
			delimiter = nal[0]>>1&0x3f == 35
		}
		if delimiter {
			units = append(units, rtpfeed.Unit{})
			continue
		}
		last := &units[len(units)-1]
		last.Parts = append(last.Parts, nal)
	}
	return units
}

// obus takes a temporal unit apart and its sizes off, as RTP has it.
func obus(t testing.TB, b []byte) (parts [][]byte) {
	t.Helper()
	for len(b) > 0 {
		head := 1
		if b[0]&obuExtension != 0 {
			head = 2
		}
		size, n := binary.Uvarint(b[head:])
		if b[0]&obuHasSize == 0 || n <= 0 {
			t.Fatal("an OBU without size")
		}
		end := head + n + int(size)
		if b[0]>>3&15 != 2 { // no temporal delimiter
			part := append([]byte{b[0] &^ obuHasSize}, b[1:head]...)
			parts = append(parts, append(part, b[head+n:end]...))
		}
		b = b[end:]
	}
	return parts
}

// sounds encodes the card's sound as packets of 20 ms.
func sounds(t testing.TB, codec rtpfeed.Codec, count int) []rtpfeed.Unit {
	t.Helper()
	var units []rtpfeed.Unit
	if codec == rtpfeed.Opus {
		// Opus encoders are 312 samples late, of which RTP knows nothing.
		out := ffmpeg(t, cardPCM(312, (count+2)*960), "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "pipe:0",
			"-c:a", "libopus", "-b:a", "64k", "-vbr", "off", "-page_duration", "20000", "-f", "ogg", "pipe:1")
		r, _, err := oggreader.NewWith(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		for n := -1; n < count; n++ {
			data, _, err := r.ParseNextPage()
			if err != nil {
				t.Fatal(err)
			}
			if n >= 0 {
				units = append(units, rtpfeed.Unit{Parts: [][]byte{data}, Timestamp: uint32(960 * n), Keyframe: true})
			}
		}
		return units
	}
	format := map[rtpfeed.Codec]string{rtpfeed.PCMU: "mulaw", rtpfeed.PCMA: "alaw"}[codec]
	out := ffmpeg(t, cardPCM(0, count*960), "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "pipe:0", "-ar", "8000", "-f", format, "pipe:1")
	for n := range count {
		units = append(units, rtpfeed.Unit{Parts: [][]byte{out[160*n : 160*(n+1)]}, Timestamp: uint32(160 * n), Keyframe: true})
	}
	return units
}

// cardPCM is the card's sound from a sample on.
func cardPCM(from, count int) []byte {
	b := make([]byte, 0, 2*count)
	for m := from; m < from+count; m++ {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.Round(card.Sample(cardID, cardPhase, m)*32767))))
	}
	return b
}
