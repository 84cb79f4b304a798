package meter

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/ffegress/ffegress/integration/card"
)

// stamp is what ffmpeg's showinfo says of one decoded frame.
type stamp struct {
	pts     float64 // seconds
	samples int     // audio only
	key     bool    // video only
}

// showinfo prints seconds with six digits only, so times are made from ticks.
var (
	basePattern    = regexp.MustCompile(`config in time_base: ([0-9]+)/([0-9]+)`)
	ptsPattern     = regexp.MustCompile(`\bpts:\s*(-?[0-9]+)`)
	samplesPattern = regexp.MustCompile(`\bnb_samples:\s*([0-9]+)`)
	framePattern   = regexp.MustCompile(`\bn:\s*[0-9]+ pts:`)
)

// decoded gathers what comes on stderr beside the media.
type decoded struct {
	tick   float64 // seconds of one timestamp step
	stamps []stamp
	errors []string
}

// decode runs ffmpeg and hands its output to read. -copyts keeps the file's
// own timestamps, which tie picture and sound together.
func decode(ctx context.Context, path string, o Options, args []string, read func(io.Reader) error) (*decoded, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := []string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info", "-copyts"}
	if o.Length > 0 {
		all = append(all, "-ss", fmt.Sprint(o.From), "-t", fmt.Sprint(o.Length))
	}
	all = append(append(append(all, "-i", path), args...), "pipe:1")
	cmd := exec.CommandContext(ctx, "ffmpeg", all...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start ffmpeg: %w", err)
	}
	d := &decoded{tick: 1.0 / card.SampleRate} // ashowinfo after aresample=48000
	lines := make(chan struct{})
	go func() {
		defer close(lines)
		s := bufio.NewScanner(stderr)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			d.line(s.Text())
		}
	}()
	readErr := read(out)
	if readErr != nil {
		cancel()
	}
	<-lines
	waitErr := cmd.Wait()
	if readErr != nil {
		return nil, readErr
	}
	if waitErr != nil {
		return nil, fmt.Errorf("decode %s: %w: %s", path, waitErr, strings.Join(d.errors, "; "))
	}
	return d, nil
}

func (d *decoded) line(text string) {
	if m := basePattern.FindStringSubmatch(text); m != nil {
		d.tick = ratio(m[1] + "/" + m[2])
		return
	}
	if framePattern.MatchString(text) && strings.Contains(text, "showinfo") {
		var s stamp
		if m := ptsPattern.FindStringSubmatch(text); m != nil {
			ticks, _ := strconv.ParseInt(m[1], 10, 64)
			s.pts = float64(ticks) * d.tick
		}
		if m := samplesPattern.FindStringSubmatch(text); m != nil {
			s.samples, _ = strconv.Atoi(m[1])
		}
		s.key = strings.Contains(text, "iskey:1")
		d.stamps = append(d.stamps, s)
		return
	}
	for _, level := range []string{"[error]", "[fatal]", "[panic]"} {
		if strings.Contains(text, level) {
			d.errors = append(d.errors, text)
		}
	}
}

// video calls each with every frame in order; the picture is overwritten by
// the next. Timestamps come at the end, because stderr and stdout are not in
// step.
func video(ctx context.Context, path string, s Stream, o Options, each func(card.Picture) error) (*decoded, error) {
	args := []string{"-map", "0:v:0", "-vf", "showinfo=checksum=0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p"}
	return decode(ctx, path, o, args, func(r io.Reader) error {
		pix := make([]byte, s.Width*s.Height*3/2)
		pic, err := card.NewPicture(s.Width, s.Height, pix)
		if err != nil {
			return err
		}
		in := bufio.NewReaderSize(r, 1<<20)
		for {
			switch _, err := io.ReadFull(in, pix); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return fmt.Errorf("read frame: %w", err)
			}
			if err := each(pic); err != nil {
				return err
			}
		}
	})
}

// sound is decoded mono PCM on the file's timeline.
type sound struct {
	start float64 // seconds, timestamp of sample 0
	pcm   []float32
	holes int // samples that timestamps say are missing (filled with zeros)
}

// at is the file's time of sample m in seconds.
func (s *sound) at(m float64) float64 { return s.start + m/card.SampleRate }

func audio(ctx context.Context, path string, o Options) (*sound, []string, error) {
	args := []string{"-map", "0:a:0", "-af", "aresample=48000,ashowinfo", "-ac", "1", "-f", "s16le"}
	var raw bytes.Buffer
	d, err := decode(ctx, path, o, args, func(r io.Reader) error {
		_, err := raw.ReadFrom(r)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if len(d.stamps) == 0 {
		return nil, d.errors, errors.New("the file has an audio track without a sample")
	}
	return place(raw.Bytes(), d.stamps), d.errors, nil
}

// place puts decoded blocks where their timestamps say. Rounding of
// timestamps up to 2 ms is no hole.
func place(raw []byte, stamps []stamp) *sound {
	s := &sound{start: stamps[0].pts}
	for _, b := range stamps {
		n := min(b.samples, len(raw)/2)
		want := int((b.pts - s.start) * card.SampleRate)
		if gap := want - len(s.pcm); gap > card.SampleRate/500 {
			s.holes += gap
			s.pcm = append(s.pcm, make([]float32, gap)...)
		}
		for i := range n {
			s.pcm = append(s.pcm, float32(int16(binary.LittleEndian.Uint16(raw[2*i:])))/32768)
		}
		raw = raw[2*n:]
	}
	return s
}
