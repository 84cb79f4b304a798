package plan

import (
	"math"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/config"
)

// encoding is what presets and advanced options decide.
type encoding struct {
	width, height, depth int
	fps                  int
	videoBitrate         int // kb/s
	profile              string
	keyFrameInterval     float64 // seconds; 0 = as the encoder thinks fit
	segment              int     // seconds; 0 = none are made
	audioCodec           livekit.AudioCodec
	audioBitrate         int // kb/s
	audioFrequency       int // Hz
}

// Bounds that LiveKit Egress leaves to its encoders to trip over.
const (
	minSize = 16
	maxSize = 8192
	maxFPS  = 120
	// maxVideoBitrate keeps the rate control's buffer, ten seconds at most, below 2³¹ bits.
	maxVideoBitrate = 200_000
)

// presets are the sizes, frame rates and bit rates of EncodingOptionsPreset; what is not here is the same for all.
var presets = map[livekit.EncodingOptionsPreset]encoding{
	livekit.EncodingOptionsPreset_H264_720P_30:           {width: 1280, height: 720, fps: 30, videoBitrate: 3000},
	livekit.EncodingOptionsPreset_H264_720P_60:           {width: 1280, height: 720, fps: 60, videoBitrate: 4500},
	livekit.EncodingOptionsPreset_H264_1080P_30:          {width: 1920, height: 1080, fps: 30, videoBitrate: 4500},
	livekit.EncodingOptionsPreset_H264_1080P_60:          {width: 1920, height: 1080, fps: 60, videoBitrate: 6000},
	livekit.EncodingOptionsPreset_PORTRAIT_H264_720P_30:  {width: 720, height: 1280, fps: 30, videoBitrate: 3000},
	livekit.EncodingOptionsPreset_PORTRAIT_H264_720P_60:  {width: 720, height: 1280, fps: 60, videoBitrate: 4500},
	livekit.EncodingOptionsPreset_PORTRAIT_H264_1080P_30: {width: 1080, height: 1920, fps: 30, videoBitrate: 4500},
	livekit.EncodingOptionsPreset_PORTRAIT_H264_1080P_60: {width: 1080, height: 1920, fps: 60, videoBitrate: 6000},
}

func (w *wish) encoding() (encoding, error) {
	preset := w.preset
	e, ok := presets[preset]
	if !ok {
		return encoding{}, errField("preset")
	}
	e = e.filled()
	if w.advanced == nil {
		return e, nil
	}
	return e, e.override(w.advanced)
}

func (e encoding) filled() encoding {
	e.depth, e.profile, e.audioBitrate, e.audioFrequency = 24, "main", 128, 44100
	return e
}

// override applies advanced options: each that is not zero. Negative sizes are ignored, as today.
func (e *encoding) override(o *livekit.EncodingOptions) error {
	if err := size(&e.width, o.Width, "width"); err != nil {
		return err
	}
	if err := size(&e.height, o.Height, "height"); err != nil {
		return err
	}
	switch o.Depth {
	case 0:
	case 8, 16, 24:
		e.depth = int(o.Depth)
	default:
		return errField("depth")
	}
	for _, n := range []struct {
		to    *int
		value int32
		max   int32
		field string
	}{
		{&e.fps, o.Framerate, maxFPS, "framerate"},
		{&e.videoBitrate, o.VideoBitrate, maxVideoBitrate, "video_bitrate"},
		{&e.audioBitrate, o.AudioBitrate, math.MaxInt32 / 1000, "audio_bitrate"},
		{&e.audioFrequency, o.AudioFrequency, math.MaxInt32, "audio_frequency"},
	} {
		if n.value < 0 || n.value > n.max {
			return errField(n.field)
		}
		if n.value != 0 {
			*n.to = int(n.value)
		}
	}
	if k := o.KeyFrameInterval; k < 0 || k > math.MaxInt32/maxFPS || math.IsNaN(k) {
		return errField("key_frame_interval")
	}
	e.keyFrameInterval = o.KeyFrameInterval
	return e.codecs(o)
}

func size(to *int, value int32, field string) error {
	if value <= 0 {
		return nil
	}
	if value < minSize || value > maxSize || value%2 != 0 {
		return errField(field)
	}
	*to = int(value)
	return nil
}

func (e *encoding) codecs(o *livekit.EncodingOptions) error {
	if _, ok := livekit.AudioCodec_name[int32(o.AudioCodec)]; !ok {
		return errField("audio_codec")
	}
	e.audioCodec = o.AudioCodec
	switch o.VideoCodec {
	case livekit.VideoCodec_DEFAULT_VC, livekit.VideoCodec_H264_MAIN, livekit.VideoCodec_VP8:
		// VP8 cannot be encoded and is ignored, as today.
	case livekit.VideoCodec_H264_BASELINE:
		e.profile = "baseline"
	case livekit.VideoCodec_H264_HIGH:
		e.profile = "high"
	default:
		return errField("video_codec")
	}
	return nil
}

func (e encoding) format(audio, video bool) programme.Format {
	return programme.Format{Width: e.width, Height: e.height, FPS: e.fps, Audio: audio, Video: video}
}

// audioFragment is how finely sound alone is cut, so that segments come close to their length.
const audioFragment = 200 * time.Millisecond

func (e encoding) options(in ffpipe.Container, audio, video bool, conf *config.Config) ffpipe.EncoderOptions {
	o := ffpipe.EncoderOptions{
		Container:        in,
		Audio:            audio,
		Video:            video,
		Width:            e.width,
		Height:           e.height,
		FPS:              e.fps,
		VideoBitrate:     e.videoBitrate,
		Profile:          e.profile,
		KeyFrameInterval: e.keyFrameInterval,
		Threads:          conf.VideoEncoderThreads,
		X264Preset:       conf.VideoEncoderPreset,
		Device:           conf.Video.Device,
		AudioCodec:       encoders[e.audioCodec],
		AudioBitrate:     e.audioBitrate,
		AudioFrequency:   e.audioFrequency,
		SegmentSeconds:   e.segment,
	}
	if e.segment > 0 && !video {
		o.FragmentDuration = audioFragment
	}
	return o
}
