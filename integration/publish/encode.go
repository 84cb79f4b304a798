package publish

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strconv"
	"strings"

	"github.com/ffegress/ffegress/integration/card"
)

// opusLookahead is libopus' encoder delay in samples at 48 kHz. A receiver
// of RTP knows nothing of it, so sound is encoded that much early.
const opusLookahead = 312

// opusWarmUp is how many packets are encoded before the first that is kept,
// so that the encoder's state at the end of the loop leads into its start.
const opusWarmUp = 50

func (c Cache) encodeVideo(ctx context.Context, what Card, out string) error {
	p, err := card.NewPainter(what.ID, what.Phase, what.Size.Width, what.Size.Height, matrix)
	if err != nil {
		return err
	}
	// Generous bitrate: a card is flat, and bars are to be within ± 4.
	kbits := max(600, what.Size.Width*what.Size.Height*1500/(640*360))
	kbits = min(kbits, 4000)
	args := []string{
		"-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", what.Size.String(), "-r", strconv.Itoa(card.FPS), "-i", "pipe:0",
		"-g", strconv.Itoa(KeyInterval), "-keyint_min", strconv.Itoa(cmp.Or(what.KeyPhase, KeyInterval)), "-b:v", strconv.Itoa(kbits) + "k",
	}
	switch what.Video {
	case VP9:
		args = append(args, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-auto-alt-ref", "0",
			"-qmin", "2", "-qmax", "30")
	case H264:
		// Access unit delimiters tell frames apart; payloaders leave them out.
		args = append(args, "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "baseline", "-bf", "0",
			"-sc_threshold", "0", "-x264-params", "aud=1:repeat-headers=1:slices=1")
	case H265:
		args = append(args, "-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-x265-params",
			fmt.Sprintf("aud=1:repeat-headers=1:slices=1:bframes=0:scenecut=0:log-level=none:keyint=%[1]d:min-keyint=%[1]d", KeyInterval))
	case AV1:
		args = append(args, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-lag-in-frames", "0")
	default:
		args = append(args, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "6", "-lag-in-frames", "0", "-auto-alt-ref", "0",
			"-qmin", "2", "-qmax", "30")
	}
	if what.KeyPhase > 0 {
		args = append(args, "-force_key_frames", fmt.Sprintf("expr:eq(mod(n,%d),%d)", KeyInterval, what.KeyPhase))
	}
	format := "ivf"
	switch what.Video {
	case H264:
		format = "h264"
	case H265:
		format = "hevc"
	}
	args = append(args, "-f", format, out)
	return c.run(ctx, args, func(w io.Writer) error {
		for n := range card.Loop {
			if _, err := w.Write(p.Frame(n)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c Cache) encodeAudio(ctx context.Context, what Card, out string) error {
	args := []string{
		"-f", "s16le", "-ar", strconv.Itoa(card.SampleRate), "-ac", "1", "-i", "pipe:0",
		"-c:a", "libopus", "-b:a", "64k", "-vbr", "off", "-application", "audio", "-frame_duration", "20",
		"-page_duration", "20000", "-f", "ogg", out,
	}
	if what.g711() {
		encoder := map[string]string{PCMU: "pcm_mulaw", PCMA: "pcm_alaw"}[what.Audio]
		args = []string{
			"-f", "s16le", "-ar", strconv.Itoa(card.SampleRate), "-ac", "1", "-i", "pipe:0",
			"-c:a", encoder, "-ar", strconv.Itoa(g711Rate), "-f", strings.TrimPrefix(encoder, "pcm_"), out,
		}
		return c.run(ctx, args, func(w io.Writer) error { return WritePCM(w, what, 0, card.LoopSamples+opusSamples) })
	}
	return c.run(ctx, args, func(w io.Writer) error {
		first := opusLookahead - opusWarmUp*opusSamples
		return WritePCM(w, what, first, card.LoopSamples+(opusWarmUp+50)*opusSamples)
	})
}

// WritePCM writes count samples of a card's sound, s16le mono at 48 kHz,
// from sample first on, which may be negative.
func WritePCM(w io.Writer, what Card, first, count int) error {
	buf := make([]byte, 0, 2*opusSamples)
	for m := first; m < first+count; m++ {
		v := int16(math.Round(card.Sample(what.ID, what.Phase, m) * 32767))
		buf = binary.LittleEndian.AppendUint16(buf, uint16(v))
		if len(buf) == cap(buf) || m == first+count-1 {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	return nil
}

// run feeds one ffmpeg.
func (c Cache) run(ctx context.Context, args []string, feed func(io.Writer) error) error {
	cmd := exec.CommandContext(ctx, c.ffmpeg(), append([]string{"-hide_banner", "-nostats", "-v", "error", "-y"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	w := bufio.NewWriterSize(in, 1<<16)
	feedErr := feed(w)
	if feedErr == nil {
		feedErr = w.Flush()
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return feedErr
}
