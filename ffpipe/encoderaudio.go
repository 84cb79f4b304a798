package ffpipe

import (
	"fmt"

	ffmpeg "github.com/u2takey/ffmpeg-go"
)

// AudioCodec is what sound is encoded with.
type AudioCodec string

const (
	AAC      AudioCodec = "aac" // LC
	Opus     AudioCodec = "opus"
	MP3Audio AudioCodec = "mp3"
)

const (
	audioQueue       = 64 // 40 ms blocks: slack, so that neither pipe waits for the other
	defaultFrequency = 44100
)

// codec is the sound's, or the container's own where nothing was said.
func (o EncoderOptions) codec() AudioCodec {
	switch {
	case o.AudioCodec != "":
		return o.AudioCodec
	case o.Container == Ogg:
		return Opus
	case o.Container == MP3:
		return MP3Audio
	}
	return AAC
}

func (o EncoderOptions) audioInput() ffmpeg.KwArgs {
	return ffmpeg.KwArgs{
		"format":            "s16le",
		"indexmem":          rawIndex,
		"sample_rate":       48000,
		"ch_layout":         "stereo",
		"thread_queue_size": audioQueue,
		"probesize":         32,
		"analyzeduration":   0,
	}
}

// audioOutput sets the codec. All audio is constant or nearly constant in bit
// rate, as today's egress has it.
func (o EncoderOptions) audioOutput(out ffmpeg.KwArgs) {
	frequency := o.AudioFrequency
	if frequency <= 0 {
		frequency = defaultFrequency
	}
	switch o.codec() {
	case Opus:
		frequency = 48000
		out["c:a"] = "libopus"
		out["vbr"] = "constrained"
	case MP3Audio:
		out["c:a"] = "libmp3lame"
		// No frame uses bits of the one before, so that the frames of a
		// restarted encoder can follow those of a dead one.
		out["reservoir"] = 0
	default:
		out["c:a"] = "aac"
		out["profile:a"] = "aac_low"
	}
	out["b:a"] = fmt.Sprintf("%dk", o.AudioBitrate)
	out["ar"] = frequency
	out["ac"] = 2
}
