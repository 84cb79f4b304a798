package meter

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// Stream is what the file's header says.
type Stream struct {
	Duration   float64 // seconds, of the container
	VideoCodec string
	Profile    string
	Width      int
	Height     int
	SAR        string // "1:1"; empty when the file does not say
	FPS        float64
	VideoRate  int // mean bits per second
	AudioRate  int // mean bits per second
	PixFmt     string
	ColorRange string
	ColorSpace string
	Primaries  string
	Transfer   string
	AudioCodec string
	SampleRate int
	Channels   int
}

func probe(ctx context.Context, path string) (Stream, error) {
	cmd := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return Stream{}, fmt.Errorf("probe %s: %w: %s", path, err, strings.TrimSpace(stderr.String()))
	}
	var f struct {
		Format  struct{ Duration string }
		Streams []map[string]any
	}
	if err := json.Unmarshal(out, &f); err != nil {
		return Stream{}, fmt.Errorf("probe %s: %w", path, err)
	}
	var s Stream
	s.Duration, _ = strconv.ParseFloat(f.Format.Duration, 64)
	for _, m := range f.Streams {
		text := func(key string) string { v, _ := m[key].(string); return v }
		number := func(key string) int { v, _ := m[key].(float64); return int(v) }
		switch {
		case text("codec_type") == "video" && s.VideoCodec == "":
			s.VideoCodec, s.Profile, s.PixFmt = text("codec_name"), text("profile"), text("pix_fmt")
			s.Width, s.Height, s.SAR = number("width"), number("height"), text("sample_aspect_ratio")
			s.ColorRange, s.ColorSpace = text("color_range"), text("color_space")
			s.Primaries, s.Transfer = text("color_primaries"), text("color_transfer")
			s.FPS = ratio(text("avg_frame_rate"))
			s.VideoRate, _ = strconv.Atoi(text("bit_rate"))
		case text("codec_type") == "audio" && s.AudioCodec == "":
			s.AudioCodec, s.Channels = text("codec_name"), number("channels")
			s.SampleRate, _ = strconv.Atoi(text("sample_rate"))
			s.AudioRate, _ = strconv.Atoi(text("bit_rate"))
		}
	}
	return s, nil
}

func ratio(text string) float64 {
	a, b, _ := strings.Cut(text, "/")
	n, _ := strconv.ParseFloat(a, 64)
	d, _ := strconv.ParseFloat(b, 64)
	if d == 0 {
		return 0
	}
	return n / d
}
