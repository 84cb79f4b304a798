package config

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/ffegress/ffegress/ffpipe"
)

// Video is what pictures are encoded with. The zero value is x264.
type Video struct {
	Device  ffpipe.VideoDevice
	Refused []*ffpipe.Refusal // what was tried before, and why it cannot be
}

// FellBack is why x264 encodes although another encoder was asked for by its name; "" when that is not so.
func (c *Config) FellBack() string {
	if c.Video.Device.Hardware() || len(c.Video.Refused) == 0 || c.VideoEncoder == ffpipe.AutoVideoEncoder {
		return ""
	}
	return "x264 encodes, " + c.Video.Refused[0].Error()
}

// FindVideoEncoder has the encoder that VideoEncoder names encode a picture, and x264 take its place where it cannot. The
// error is that of ctx.
func (c *Config) FindVideoEncoder(ctx context.Context, log *slog.Logger) error {
	if c.VideoEncoder == "" || c.VideoEncoder == string(ffpipe.X264) {
		return nil
	}
	device, refused, err := ffpipe.ChooseVideoEncoder(ctx, c.Binaries.FFmpeg, c.VideoEncoder)
	if err != nil {
		return err
	}
	c.Video = Video{device, refused}
	level := slog.LevelWarn
	if c.VideoEncoder == ffpipe.AutoVideoEncoder {
		level = slog.LevelInfo
	}
	for _, r := range refused {
		log.Log(ctx, level, "a video encoder cannot be used", "encoder", string(r.Encoder), "error", r.Err)
	}
	log.Info("pictures are encoded", "video_encoder", c.VideoEncoder, "encoder", device.String())
	return nil
}

// x264Presets are all there are, the fastest first.
var x264Presets = []string{"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"}

func (c *Config) validateEncoder(bad func(string, string, ...any)) {
	if !slices.Contains(ffpipe.VideoEncoders, c.VideoEncoder) {
		bad("video_encoder", "want %s, got %q", oneOf(ffpipe.VideoEncoders), c.VideoEncoder)
	}
	if p := c.VideoEncoderPreset; p != "" && !slices.Contains(x264Presets, p) {
		bad("video_encoder_preset", "want %s, got %q", oneOf(x264Presets), p)
	}
}

// oneOf is "a, b or c".
func oneOf(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
