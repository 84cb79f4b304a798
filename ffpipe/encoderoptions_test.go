package ffpipe

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

// preset is a row of the table of encoding presets of today's egress.
func preset(width, height, fps, bitrate int) EncoderOptions {
	return EncoderOptions{
		Video: true, Audio: true, Width: width, Height: height, FPS: fps, VideoBitrate: bitrate,
		Profile: "main", AudioCodec: "aac", AudioBitrate: 128, AudioFrequency: 44100,
	}
}

func with(change func(*EncoderOptions)) EncoderOptions {
	o := preset(1280, 720, 30, 3000)
	change(&o)
	return o
}

func goldenOptions() map[string]EncoderOptions {
	zero := 0
	light := preset(1920, 1080, 60, 6000).LightOn(2)
	return map[string]EncoderOptions{
		"h264_720p_30":           preset(1280, 720, 30, 3000),
		"h264_720p_60":           preset(1280, 720, 60, 4500),
		"h264_1080p_30":          preset(1920, 1080, 30, 4500),
		"h264_1080p_60":          preset(1920, 1080, 60, 6000),
		"portrait_h264_720p_30":  preset(720, 1280, 30, 3000),
		"portrait_h264_720p_60":  preset(720, 1280, 60, 4500),
		"portrait_h264_1080p_30": preset(1080, 1920, 30, 4500),
		"portrait_h264_1080p_60": preset(1080, 1920, 60, 6000),

		"profile_baseline":   with(func(o *EncoderOptions) { o.Profile = "baseline" }),
		"profile_high":       with(func(o *EncoderOptions) { o.Profile = "high" }),
		"key_frame_interval": with(func(o *EncoderOptions) { o.KeyFrameInterval = 2.5 }),
		"audio_only":         with(func(o *EncoderOptions) { o.Video = false }),
		"video_only":         with(func(o *EncoderOptions) { o.Audio = false }),
		"audio_48000":        with(func(o *EncoderOptions) { o.AudioFrequency = 48000 }),
		"audio_bitrate":      with(func(o *EncoderOptions) { o.AudioBitrate = 64 }),
		"odd_frame_rate":     with(func(o *EncoderOptions) { o.FPS = 7 }),
		"segments":           with(func(o *EncoderOptions) { o.SegmentSeconds = 6 }),
		"segments_long":      with(func(o *EncoderOptions) { o.SegmentSeconds = 20 }),
		"segments_and_stream": with(func(o *EncoderOptions) {
			o.SegmentSeconds, o.KeyFrameInterval = 6, 4
		}),
		"stream": with(func(o *EncoderOptions) {
			o.KeyFrameInterval, o.HRD, o.BFrames, o.FragmentDuration = 4, true, &zero, 100*time.Millisecond
		}),
		"opus_in_mp4":       with(func(o *EncoderOptions) { o.AudioCodec = Opus }),
		"audio_opus_in_mp4": with(func(o *EncoderOptions) { o.Video, o.AudioCodec = false, Opus }),
		"ogg":               with(func(o *EncoderOptions) { o.Video, o.Container, o.AudioCodec = false, Ogg, "" }),
		"ogg_bitrate":       with(func(o *EncoderOptions) { o.Video, o.Container, o.AudioCodec, o.AudioBitrate = false, Ogg, Opus, 48 }),
		"mp3":               with(func(o *EncoderOptions) { o.Video, o.Container, o.AudioCodec = false, MP3, "" }),
		"mp3_22050": with(func(o *EncoderOptions) {
			o.Video, o.Container, o.AudioCodec, o.AudioFrequency, o.AudioBitrate = false, MP3, MP3Audio, 22050, 64
		}),
		"vaapi": with(func(o *EncoderOptions) { o.Device = VideoDevice{VAAPI, "/dev/dri/renderD128"} }),
		"vaapi_baseline_stream": with(func(o *EncoderOptions) {
			o.Device, o.Profile, o.KeyFrameInterval, o.HRD, o.BFrames = VideoDevice{VAAPI, "/dev/dri/renderD129"}, "baseline", 4, true, &zero
		}),
		"nvenc":          with(func(o *EncoderOptions) { o.Device = VideoDevice{Encoder: NVENC} }),
		"nvenc_segments": with(func(o *EncoderOptions) { o.Device, o.SegmentSeconds = VideoDevice{Encoder: NVENC}, 6 }),
		"nvenc_stream": with(func(o *EncoderOptions) {
			o.Device, o.KeyFrameInterval, o.HRD, o.BFrames, o.FragmentDuration = VideoDevice{Encoder: NVENC}, 4, true, &zero, 100*time.Millisecond
		}),
		"qsv":          with(func(o *EncoderOptions) { o.Device = VideoDevice{QSV, "/dev/dri/renderD128"} }),
		"qsv_high":     with(func(o *EncoderOptions) { o.Device, o.Profile = VideoDevice{QSV, "/dev/dri/renderD128"}, "high" }),
		"qsv_fallback": with(func(o *EncoderOptions) { o.Device = VideoDevice{QSV, "/dev/dri/renderD128"}; *o = o.Fallback() }),
		"device_sound": with(func(o *EncoderOptions) { o.Device, o.Video = VideoDevice{VAAPI, "/dev/dri/renderD128"}, false }),

		"light":             light,
		"light_own_preset":  with(func(o *EncoderOptions) { *o = light; o.X264Preset = "fast" }),
		"light_fallback":    light.Fallback(),
		"threads_and_speed": with(func(o *EncoderOptions) { o.Threads, o.X264Preset = 2, "superfast" }),
	}
}

func TestArgsGolden(t *testing.T) {
	for name, o := range goldenOptions() {
		t.Run(name, func(t *testing.T) {
			if err := o.Validate(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "encoder", name+".args")
			got := strings.Join(o.Args(3, 4, 5), "\n") + "\n"
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
	files, err := filepath.Glob("testdata/encoder/*.args")
	if err != nil || len(files) != len(goldenOptions()) {
		t.Errorf("%d golden files for %d cases (%v)", len(files), len(goldenOptions()), err)
	}
}

// A restarted encoder continues a file only if its arguments are the same.
func TestArgsAreStable(t *testing.T) {
	o := preset(1280, 720, 30, 3000)
	first := o.Args(3, 4, 5)
	for range 100 {
		if again := o.Args(3, 4, 5); !slices.Equal(first, again) {
			t.Fatalf("%q\n%q", first, again)
		}
	}
}

func TestDefaults(t *testing.T) {
	full := preset(1280, 720, 30, 3000)
	full.FragmentDuration = 500 * time.Millisecond
	short := EncoderOptions{Video: true, Audio: true, Width: 1280, Height: 720, FPS: 30, VideoBitrate: 3000, AudioBitrate: 128}
	if !reflect.DeepEqual(full.Args(3, 4, 5), short.Args(3, 4, 5)) {
		t.Errorf("%q\n%q", full.Args(3, 4, 5), short.Args(3, 4, 5))
	}
}

func TestGOP(t *testing.T) {
	tests := []struct {
		fps      int
		interval float64
		segment  int
		want     int
	}{
		{30, 0, 0, 0},
		{30, -1, 0, 0},
		{30, 4, 0, 120},
		{30, 2.5, 0, 75},
		{30, 0.001, 0, 1},
		{7, 0.5, 0, 4}, // 3.5 rounds up
		{30, 0, 6, 180},
		{30, 4, 6, 90}, // 120 does not divide 180
		{30, 2, 6, 60}, // divides
		{30, 10, 6, 180},
		{7, 5, 6, 21},
		{30, 0.01, 6, 1},
	}
	for _, tt := range tests {
		o := EncoderOptions{FPS: tt.fps, KeyFrameInterval: tt.interval, SegmentSeconds: tt.segment}
		if got := o.GOP(); got != tt.want {
			t.Errorf("GOP at %d fps, %v s, segments of %d s = %d, want %d", tt.fps, tt.interval, tt.segment, got, tt.want)
		}
	}
}

func TestValidate(t *testing.T) {
	bad := map[string]func(*EncoderOptions){
		"neither video nor audio": func(o *EncoderOptions) { o.Video, o.Audio = false, false },
		"size 1279x720":           func(o *EncoderOptions) { o.Width = 1279 },
		"size 1280x14":            func(o *EncoderOptions) { o.Height = 14 },
		"frame rate 0":            func(o *EncoderOptions) { o.FPS = 0 },
		"video bitrate 0":         func(o *EncoderOptions) { o.VideoBitrate = 0 },
		"audio bitrate 0":         func(o *EncoderOptions) { o.AudioBitrate = 0 },
		`audio codec "flac"`:      func(o *EncoderOptions) { o.AudioCodec = "flac" },
		`audio codec "mp3", video true in container ""`:     func(o *EncoderOptions) { o.AudioCodec = MP3Audio },
		`audio codec "opus", video true in container "ogg"`: func(o *EncoderOptions) { o.Container, o.AudioCodec = Ogg, Opus },
		`audio codec "aac", video false in container "ogg"`: func(o *EncoderOptions) { o.Container, o.Video = Ogg, false },
		`audio codec "aac", video false in container "mp3"`: func(o *EncoderOptions) { o.Container, o.Video = MP3, false },
		`in container "avi"`:                                func(o *EncoderOptions) { o.Container = "avi" },
		`vaapi without a device`:                            func(o *EncoderOptions) { o.Device.Encoder = VAAPI },
		`video encoder "omx"`:                               func(o *EncoderOptions) { o.Device.Encoder = "omx" },
		`profile "extended"`:                                func(o *EncoderOptions) { o.Profile = "extended" },
	}
	for want, change := range bad {
		if err := with(change).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: err = %v", want, err)
		}
	}
}

func TestLightOn(t *testing.T) {
	for name, c := range map[string]struct {
		o     EncoderOptions
		cores float64
		light bool
	}{
		"1080p60 on 2":   {preset(1920, 1080, 60, 6000), 2, true},
		"upright on 2":   {preset(1080, 1920, 60, 6000), 2, true},
		"1080p60 on 3":   {preset(1920, 1080, 60, 6000), 3, false},
		"1080p30 on 2":   {preset(1920, 1080, 30, 4500), 2, false},
		"1080p30 on 1":   {preset(1920, 1080, 30, 4500), 1, true},
		"720p60 on 2":    {preset(1280, 720, 60, 4500), 2, false},
		"720p60 on half": {preset(1280, 720, 60, 4500), 0.5, true},
		"sound alone":    {with(func(o *EncoderOptions) { o.Video = false }), 0.1, false},
	} {
		if o := c.o.LightOn(c.cores); o.Light != c.light {
			t.Errorf("%s: light is %t", name, o.Light)
		}
	}
}
