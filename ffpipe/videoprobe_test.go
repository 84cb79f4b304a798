package ffpipe

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// deviceFFmpeg is an ffmpeg whose devices' encoders are x264 in disguise, and fail as told: a real encoder, real media.
// It reads its orders from the environment of this process.
func deviceFFmpeg(t *testing.T, fails string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	script := `#!/bin/bash
for a; do case $a in ` + fails + `) echo "[$a] the device is gone" >&2; echo "Error initializing output stream" >&2; exit 1;; esac; done
args=()
while (($#)); do case $1 in
  -init_hw_device|-filter_hw_device|-rc_mode|-forced_idr|-forced-idr|-idr_interval|-adaptive_i|-no-scenecut|-rc) shift 2; continue;;
  h264_*) args+=(libx264);;
  setsar=1,format=nv12*) args+=(setsar=1,format=yuv420p);;
  p4) args+=(veryfast);;
  *) args+=("$1");;
esac; shift; done
exec ffmpeg "${args[@]}"
`
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// nodes has render nodes at other places.
func nodes(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	was := renderNodes
	renderNodes = filepath.Join(dir, "renderD*")
	t.Cleanup(func() { renderNodes = was })
	return dir
}

func TestChooseVideoEncoder(t *testing.T) {
	for _, tt := range []struct {
		name    string
		nodes   []string
		fails   string // what the fake of a device does not take
		want    VideoDevice
		refused []string // encoder and part of the reason
	}{
		{name: "x264"},
		{name: "vaapi", refused: []string{"vaapi: no /dev/dri/renderD*"}},
		{name: "auto", fails: "h264_nvenc", refused: []string{"nvenc: encoder: exit code 1: [h264_nvenc] the device is gone", "qsv: no /dev", "vaapi: no /dev"}},
		{name: "nvenc", fails: "none", want: VideoDevice{Encoder: NVENC}},
		{name: "vaapi", nodes: []string{"renderD128"}, fails: "none", want: VideoDevice{VAAPI, "renderD128"}},
		{name: "vaapi", nodes: []string{"renderD129", "renderD128"}, fails: "*renderD128", want: VideoDevice{VAAPI, "renderD129"}},
		{name: "qsv", nodes: []string{"renderD128"}, fails: "none", want: VideoDevice{QSV, "renderD128"}},
		{name: "auto", nodes: []string{"renderD128"}, fails: "h264_nvenc|h264_qsv", want: VideoDevice{VAAPI, "renderD128"}, refused: []string{"nvenc: ", "qsv: "}},
	} {
		t.Run(tt.name+"/"+tt.fails, func(t *testing.T) {
			dir := nodes(t, tt.nodes...)
			path := ffmpegPath
			if tt.fails != "" {
				path = deviceFFmpeg(t, tt.fails)
			}
			got, refused, err := ChooseVideoEncoder(t.Context(), path, tt.name)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want.Node != "" {
				tt.want.Node = filepath.Join(dir, tt.want.Node)
			}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if len(refused) != len(tt.refused) {
				t.Fatalf("refused: %v, want %q", refused, tt.refused)
			}
			for i, r := range refused {
				if !strings.Contains(r.Error(), tt.refused[i]) {
					t.Errorf("refused: %v, want %q", r, tt.refused[i])
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := ChooseVideoEncoder(ctx, ffmpegPath, "nvenc"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Without a device there is a true reason, whatever this machine has.
func TestDeviceThatIsNone(t *testing.T) {
	nodes(t, "renderD128")
	for _, name := range []string{"vaapi", "qsv"} {
		d, refused, err := ChooseVideoEncoder(t.Context(), ffmpegPath, name)
		if err != nil || d.Hardware() || len(refused) != 1 || !strings.Contains(refused[0].Error(), name+": encoder: exit code") {
			t.Errorf("%s: %v, %v, %v", name, d, refused, err)
		}
	}
}

// What goes on in a device's stream says before each keyframe what a decoder has to know, under a number of its own.
func TestFallbackTellsItself(t *testing.T) {
	device := small(func(o *EncoderOptions) { o.Device, o.KeyFrameInterval = VideoDevice{Encoder: NVENC}, 1 })
	o := device.Fallback()
	out := encode(t, o, 3)
	// Of a file that begins with it, the sets in the stream are found beside those in its head: three keyframes.
	sps := 0
	for at := 0; ; {
		i := strings.Index(string(out[at:]), "\x67\x4d\x40") // NAL unit 7 of the main profile
		if i < 0 {
			break
		}
		sps, at = sps+1, at+i+1
	}
	if sps != 4 {
		t.Errorf("%d parameter sets, want one in the head and one before each of 3 keyframes", sps)
	}
	if got := probe(t, out, "-select_streams", "v", "-show_entries", "stream=has_b_frames"); got[0] != "has_b_frames=0" {
		t.Errorf("got %q", got)
	}
}

// What is asked of a device's encoder must be known to it, also where there is no device to refuse it.
func TestDeviceOptionsAreKnown(t *testing.T) {
	for name, o := range goldenOptions() {
		if !o.Device.Hardware() || !o.Video {
			continue
		}
		args := o.Args(3, 4, 5)
		encoder := args[slices.Index(args, "-c:v")+1]
		text, err := exec.CommandContext(t.Context(), ffmpegPath, "-hide_banner", "-help", "encoder="+encoder).Output()
		if err != nil {
			t.Fatal(err)
		}
		help := string(text)
		for i, a := range args {
			option, _, _ := strings.Cut(a, ":")
			if !slices.Contains([]string{"-rc_mode", "-rc", "-preset", "-forced-idr", "-no-scenecut", "-forced_idr", "-idr_interval", "-adaptive_i", "-profile"}, option) || a == "-profile:a" {
				continue
			}
			_, rest, found := strings.Cut(help, "  "+option+" ")
			if !found {
				t.Errorf("%s: %s has no option %s", name, encoder, option)
			}
			if value := args[i+1]; strings.Trim(value, "0123456789") != "" && !strings.Contains(rest, "     "+value+" ") {
				t.Errorf("%s: %s of %s cannot be %s", name, option, encoder, value)
			}
		}
	}
}
