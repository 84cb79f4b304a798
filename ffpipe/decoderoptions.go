package ffpipe

import (
	"fmt"

	ffmpeg "github.com/u2takey/ffmpeg-go"
)

// DecoderOptions say what a decoder child makes of one track's pictures: raw
// I420 (BT.709, limited range) of the size given, with black bars where the
// picture has another shape.
type DecoderOptions struct {
	Width, Height int // pixels, even
	// BT601 says that what comes is BT.601 in limited range, as VP8 always is: it takes a third of the time to convert
	// that without asking each picture.
	BT601 bool
}

// Validate names the first option that ffmpeg could not work with.
func (o DecoderOptions) Validate() error {
	if o.Width < 16 || o.Height < 16 || o.Width%2 != 0 || o.Height%2 != 0 {
		return fmt.Errorf("decoder options: size %dx%d: want even numbers of at least 16", o.Width, o.Height)
	}
	return nil
}

// FrameBytes is the size of one picture that comes out.
func (o DecoderOptions) FrameBytes() int { return o.Width * o.Height * 3 / 2 }

// Args returns argv[1:] of the decoder. Matroska with one video track comes on
// stdin, NUT goes to stdout, with the timestamp of each picture as it came.
//
// Nothing is probed for, and one thread with low delay hands a picture over
// before the next comes: more threads hold as many back.
func (o DecoderOptions) Args() []string {
	args := []string{
		"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning",
		"-copyts", "-filter_threads", "1",
	}
	in := ffmpeg.Input("pipe:0", ffmpeg.KwArgs{
		"format":          "matroska",
		"threads":         1,
		"flags":           "low_delay",
		"probesize":       32,
		"analyzeduration": 0,
		"fpsprobesize":    0,
	}).Video()
	out := ffmpeg.Output([]*ffmpeg.Stream{in}, "pipe:1", ffmpeg.KwArgs{
		"format": "nut",
		// A syncpoint is kept in memory for an index that a pipe never gets: 28 MB in an hour, and one at the start will do.
		"syncpoints":    "none",
		"strict":        "experimental",
		"c:v":           "rawvideo",
		"threads:v":     1,
		"vf":            o.filter(),
		"fps_mode":      "passthrough",
		"enc_time_base": "1:1000000",
		"flush_packets": 1,
	})
	return append(args, out.GetArgs()...)
}

// filter fits the picture in. What has no tag is BT.601, as WebRTC's senders
// and receivers have it, and as swscale takes it: by way of RGB. Where it is
// known the matrix alone is changed, in one step; primaries and transfer are
// said to be the same, so that nothing else is.
func (o DecoderOptions) filter() string {
	const same = ":iprimaries=bt709:itrc=bt709:primaries=bt709:trc=bt709"
	scaled, converted := ":out_color_matrix=bt709:out_range=tv", ""
	if o.BT601 {
		scaled, converted = "", ",colorspace=ispace=smpte170m:irange=tv:space=bt709:range=tv:format=yuv420p:fast=1"+same
	}
	return fmt.Sprintf("scale=%[1]d:%[2]d:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bilinear%[3]s,"+
		"format=yuv420p%[4]s,pad=%[1]d:%[2]d:-1:-1,setsar=1", o.Width, o.Height, scaled, converted)
}
