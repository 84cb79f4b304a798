package ffpipe

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"
)

// EncoderOptions says what the encoder child makes of raw I420 frames (BT.709,
// limited range) and s16le 48 kHz stereo: H.264 and AAC or Opus in fragmented
// MP4, Opus in Ogg, or MP3.
//
// Two runs with equal options write byte-identical init segments, which is
// what lets a restarted encoder continue a file.
type EncoderOptions struct {
	Container    Container // "" = MP4; the others have no video
	Video, Audio bool

	Width, Height int // pixels, even
	FPS           int // frames per second

	VideoBitrate int    // kb/s
	Profile      string // "baseline", "main" or "high"; "" = "main"
	X264Preset   string // "" = "veryfast" with cheaper motion refinement (docs/performance.md)
	Light        bool   // fewer of x264's cycles for a slightly worse picture, where X264Preset is ""; see LightOn
	Threads      int    // x264 threads; 0 = x264 decides
	Device       VideoDevice
	// InBand has x264 tell before each keyframe what a decoder has to know; see Fallback.
	InBand bool

	// KeyFrameInterval is the GOP in seconds; 0 leaves it to x264 (at most
	// 250 frames, and one at each scene cut).
	KeyFrameInterval float64
	// SegmentSeconds forces a keyframe at each multiple of so many seconds; 0
	// forces none. With both set the GOP is the longest that divides a segment
	// and is no longer than KeyFrameInterval. It is also the VBV's size, as
	// far as ten seconds.
	SegmentSeconds int
	// BFrames caps consecutive B-frames; nil leaves them to x264 (3 at most,
	// none in baseline). They make a file smaller; 0 saves a live output their
	// delay.
	BFrames *int
	// HRD writes NAL HRD parameters and keeps the rate constant with filler,
	// as RTMP ingests expect it.
	HRD bool

	AudioCodec     AudioCodec // "" = the container's own: AAC, Opus, MP3
	AudioBitrate   int        // kb/s; LAME takes the nearest that MP3 has
	AudioFrequency int        // Hz; 0 = 44100, Opus always has 48000

	FragmentDuration time.Duration // longest fragment; 0 = 500 ms
}

const (
	vbvSeconds    = 2  // VBV size, as today's egress has it
	vbvSecondsMax = 10 // and its bound for segments
	ticksPerFrame = 512
	videoQueue    = 4    // raw frames held between pipe and x264: megabytes each
	rawIndex      = 4096 // bytes of an index that nobody seeks by; ffmpeg would have it grow to 1 MB for each pipe
)

// Validate names the first option that ffmpeg could not work with.
func (o EncoderOptions) Validate() error {
	switch {
	case !o.Video && !o.Audio:
		return errors.New("encoder options: neither video nor audio")
	case o.Video && (o.Width < 16 || o.Height < 16 || o.Width%2 != 0 || o.Height%2 != 0):
		return fmt.Errorf("encoder options: size %dx%d: want even numbers of at least 16", o.Width, o.Height)
	case o.Video && o.FPS < 1:
		return fmt.Errorf("encoder options: frame rate %d", o.FPS)
	case o.Video && o.VideoBitrate < 1:
		return fmt.Errorf("encoder options: video bitrate %d kb/s", o.VideoBitrate)
	case o.Audio && o.AudioBitrate < 1:
		return fmt.Errorf("encoder options: audio bitrate %d kb/s", o.AudioBitrate)
	case !o.Container.holds(o.Video, o.Audio, o.codec()):
		return fmt.Errorf("encoder options: audio codec %q, video %t in container %q", o.codec(), o.Video, o.Container)
	}
	switch o.Device.Encoder {
	case "", X264, NVENC:
	case VAAPI, QSV:
		if o.Video && o.Device.Node == "" {
			return fmt.Errorf("encoder options: %s without a device", o.Device.Encoder)
		}
	default:
		return fmt.Errorf("encoder options: video encoder %q", o.Device.Encoder)
	}
	switch o.Profile {
	case "", "baseline", "main", "high":
		return nil
	}
	return fmt.Errorf("encoder options: profile %q", o.Profile)
}

// Timescale is the video track's: 512 ticks a frame, so that every frame time
// is an integer whatever the frame rate.
func (o EncoderOptions) Timescale() int { return o.FPS * ticksPerFrame }

// GOP is the keyframe distance in frames, 0 = x264 decides.
func (o EncoderOptions) GOP() int {
	gop := max(0, int(math.Round(o.KeyFrameInterval*float64(o.FPS))))
	if o.KeyFrameInterval > 0 {
		gop = max(1, gop)
	}
	segment := o.SegmentSeconds * o.FPS
	if segment <= 0 {
		return gop
	}
	if gop == 0 || gop >= segment {
		return segment
	}
	for segment%gop != 0 {
		gop--
	}
	return gop
}

// Args returns argv[1:] of the encoder. The descriptors are the child's; those
// of a kind that is off are ignored. The media goes to stdout.
func (o EncoderOptions) Args(videoFD, audioFD, progressFD int) []string {
	args := []string{
		"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning",
		"-progress", pipeURL(progressFD),
	}
	args = append(args, o.deviceArgs()...)
	var streams []*ffmpeg.Stream
	out := o.containerOutput()
	if o.Video {
		streams = append(streams, ffmpeg.Input(pipeURL(videoFD), o.videoInput()).Video())
		o.videoOutput(out)
	}
	if o.Audio {
		streams = append(streams, ffmpeg.Input(pipeURL(audioFD), o.audioInput()).Audio())
		o.audioOutput(out)
	}
	if len(streams) == 0 {
		return args
	}
	return append(args, ffmpeg.Output(streams, "pipe:1", out).GetArgs()...)
}

func (o EncoderOptions) videoInput() ffmpeg.KwArgs {
	in := ffmpeg.KwArgs{
		"format":            "rawvideo",
		"indexmem":          rawIndex,
		"pixel_format":      "yuv420p",
		"video_size":        fmt.Sprintf("%dx%d", o.Width, o.Height),
		"framerate":         o.FPS,
		"thread_queue_size": videoQueue,
		// Everything about raw frames is said above: nothing to probe for.
		"probesize":       32,
		"analyzeduration": 0,
	}
	bt709(in)
	return in
}

func (o EncoderOptions) videoOutput(out ffmpeg.KwArgs) {
	rate := fmt.Sprintf("%dk", o.VideoBitrate)
	vbv := vbvSeconds
	if o.SegmentSeconds > 0 {
		vbv = min(o.SegmentSeconds, vbvSecondsMax)
	}
	out["b:v"] = rate
	out["maxrate:v"] = rate
	out["bufsize:v"] = fmt.Sprintf("%dk", vbv*o.VideoBitrate)
	// The programme is constant-rate already: every frame in is a frame out.
	out["fps_mode"] = "passthrough"
	out["video_track_timescale"] = o.Timescale()
	bt709(out)
	if o.Device.Hardware() {
		o.deviceOutput(out)
		return
	}
	o.x264Output(out)
}

// bt709 tags what the programme's frames are; on the input side too, so that
// no conversion is put between.
func bt709(kw ffmpeg.KwArgs) {
	kw["colorspace"] = "bt709"
	kw["color_primaries"] = "bt709"
	kw["color_trc"] = "bt709"
	kw["color_range"] = "tv"
}

func pipeURL(fd int) string { return "pipe:" + strconv.Itoa(fd) }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
