package ffpipe

import (
	"fmt"
	"strings"

	ffmpeg "github.com/u2takey/ffmpeg-go"
)

// VideoEncoder is what H.264 is made with. The empty one is X264.
type VideoEncoder string

const (
	X264  VideoEncoder = "x264"
	VAAPI VideoEncoder = "vaapi" // Intel and AMD, by their Linux drivers
	NVENC VideoEncoder = "nvenc" // NVIDIA
	QSV   VideoEncoder = "qsv"   // Intel Quick Sync Video
)

// VideoDevice is an encoder, and where it is.
type VideoDevice struct {
	Encoder VideoEncoder `json:",omitempty"`
	Node    string       `json:",omitempty"` // the render node, of VAAPI and QSV
}

// Hardware tells that it is none of the processor's.
func (d VideoDevice) Hardware() bool { return d.Encoder != "" && d.Encoder != X264 }

// String is "vaapi (/dev/dri/renderD128)".
func (d VideoDevice) String() string {
	switch {
	case !d.Hardware():
		return string(X264)
	case d.Node == "":
		return string(d.Encoder)
	}
	return fmt.Sprintf("%s (%s)", d.Encoder, d.Node)
}

// Fallback are the options of the x264 that goes on where a device's encoder has died, in the same stream: what the
// decoder has to know of it comes before each of its keyframes, because the beginning of the stream tells that of the
// device's.
func (o EncoderOptions) Fallback() EncoderOptions {
	o.Device, o.InBand = VideoDevice{}, true
	o.BFrames = new(int) // a device's encoder has none, and the times of both are as far from each other
	return o
}

// ownSets is the number of the parameter sets of an x264 that goes on in a device's stream. Theirs is 0: what belongs
// to it is never taken for what belongs to the other.
const ownSets = 1

// deviceArgs are global arguments that open the encoder's device.
func (o EncoderOptions) deviceArgs() []string {
	if !o.Video {
		return nil
	}
	switch o.Device.Encoder {
	case VAAPI:
		return []string{"-init_hw_device", "vaapi=hw:" + o.Device.Node, "-filter_hw_device", "hw"}
	case QSV:
		return []string{"-init_hw_device", "qsv=hw,child_device=" + o.Device.Node}
	}
	return nil
}

const (
	// lightRate is how many pixels a second one core can be asked to encode beside a browser that draws them: on two
	// cores 1080p at 60 is more, 1080p at 30 and 720p at 60 are less.
	lightRate      = 50_000_000
	lightLookahead = 10 // frames
)

// LightOn gives the options with Light set if the pictures are many for so many cores.
func (o EncoderOptions) LightOn(cores float64) EncoderOptions {
	o.Light = o.Video && float64(o.Width*o.Height*o.FPS) > cores*lightRate
	return o
}

// x264Output sets the processor's encoder.
func (o EncoderOptions) x264Output(out ffmpeg.KwArgs) {
	var params []string
	out["c:v"] = "libx264"
	out["preset:v"] = orElse(o.X264Preset, "veryfast")
	switch {
	case o.X264Preset != "":
	case o.Light:
		out["preset:v"] = "superfast"
		out["rc-lookahead:v"] = lightLookahead
		params = append(params, "mbtree=1", "weightp=1")
		o.BFrames = new(int)
	default:
		out["subq:v"] = 1
	}
	out["profile:v"] = orElse(o.Profile, "main")
	out["pix_fmt"] = "yuv420p"
	out["vf"] = "setsar=1"
	if gop := o.GOP(); gop > 0 {
		out["g"] = gop
		out["keyint_min"] = gop
		out["sc_threshold"] = 0
	}
	if o.BFrames != nil {
		out["bf"] = *o.BFrames
	}
	if o.Threads > 0 {
		out["threads:v"] = o.Threads
	}
	if o.HRD {
		out["nal-hrd"] = "cbr"
		out["minrate:v"] = out["b:v"]
	}
	if o.InBand {
		params = append(params, "repeat-headers=1", fmt.Sprintf("sps-id=%d", ownSets))
	}
	if len(params) > 0 {
		out["x264-params"] = strings.Join(params, ":")
	}
}

// deviceOutput sets a device's encoder. None of them reorders frames, and keyframes are where they were asked for.
func (o EncoderOptions) deviceOutput(out ffmpeg.KwArgs) {
	out["g"] = o.GOP()
	if o.GOP() == 0 {
		out["g"] = x264GOP // their own is something else each
	}
	out["bf"] = 0
	out["profile:v"] = orElse(o.Profile, "main")
	if o.HRD {
		out["minrate:v"] = out["b:v"]
	}
	switch o.Device.Encoder {
	case VAAPI:
		out["c:v"] = "h264_vaapi"
		if o.Profile == "baseline" {
			out["profile:v"] = "constrained_baseline"
		}
		out["vf"] = "setsar=1,format=nv12,hwupload"
		out["rc_mode"] = o.rate("VBR", "CBR")
	case NVENC:
		out["c:v"] = "h264_nvenc"
		out["pix_fmt"] = "yuv420p"
		out["vf"] = "setsar=1"
		out["rc"] = o.rate("vbr", "cbr")
		out["preset:v"] = "p4"
		out["forced-idr"] = 1
		out["no-scenecut"] = 1
	case QSV:
		out["c:v"] = "h264_qsv"
		out["vf"] = "setsar=1,format=nv12"
		out["preset:v"] = "veryfast"
		out["forced_idr"] = 1
		out["idr_interval"] = 0 // each I-frame is one that decoding can begin at
		out["adaptive_i"] = 0
	}
}

// x264GOP is x264's own keyframe distance, in frames.
const x264GOP = 250

func (o EncoderOptions) rate(variable, constant string) string {
	if o.HRD {
		return constant
	}
	return variable
}
