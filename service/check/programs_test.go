package check

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestProgramsStart(t *testing.T) {
	s := about(t, "")
	for name, run := range map[string]func(context.Context, *subject) []Result{
		"starts": checkChromium, "/Xvfb starts": checkXvfb, "/pulseaudio starts": checkPulseAudio, "with all encoders": checkFFmpeg,
	} {
		want(t, run(t.Context(), s), OK, name, "")
	}
}

func TestProgramsThatAreMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, c := range []struct {
		name, conf    string
		run           func(context.Context, *subject) []Result
		status        Status
		found, remedy string
	}{
		{"ffmpeg", "", checkFFmpeg, Fail, "ffmpeg not found", "apt install ffmpeg, or name its path in binaries.ffmpeg"},
		{"ffmpeg elsewhere", "binaries: {ffmpeg: /nowhere/ffmpeg}", checkFFmpeg, Fail, "/nowhere/ffmpeg not found", "correct binaries.ffmpeg"},
		{"chromium", "binaries: {chromium: /nowhere/chromium}", checkChromium, Fail, "/nowhere/chromium not found", "apt install chromium"},
		{"chromium without xvfb", "binaries: {chromium: /bin/true}", checkChromium, Warn, "not started because Xvfb is missing", "apt install xvfb"},
		{"xvfb", "", checkXvfb, Fail, "Xvfb not found", "apt install xvfb, or name its path in binaries.xvfb"},
		{"pulseaudio", "", checkPulseAudio, Fail, "PulseAudio not found", "apt install pulseaudio"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want(t, c.run(t.Context(), about(t, c.conf)), c.status, c.found, c.remedy)
		})
	}
}

// TestVideoEncoder: what is asked for and is not there is told with its reason, and is no failure.
func TestVideoEncoder(t *testing.T) {
	dir := t.TempDir() // there are no devices for an ffmpeg that refuses all
	refusing := filepath.Join(dir, "ffmpeg")
	if err := os.WriteFile(refusing, []byte("#!/bin/sh\necho 'Cannot load libcuda.so.1' >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	with := func(encoder string) *subject {
		return about(t, "binaries: {ffmpeg: "+refusing+"}\nvideo_encoder: "+encoder)
	}
	want(t, checkVideoEncoder(t.Context(), with("x264")), OK, "x264", "")
	want(t, checkVideoEncoder(t.Context(), with("nvenc")), Warn, "Cannot load libcuda.so.1; x264 encodes in its place", "set video_encoder to x264")
	want(t, checkVideoEncoder(t.Context(), with("auto")), OK, "x264; not nvenc: encoder: exit code 1: Cannot load libcuda.so.1; not qsv: ", "")
}

func TestProgramsThatDoNotWork(t *testing.T) {
	bare := filepath.Join(t.TempDir(), "ffmpeg")
	script := "#!/bin/sh\necho 'ffmpeg version 9.9 of nobody'\n"
	if err := os.WriteFile(bare, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, conf    string
		run           func(context.Context, *subject) []Result
		found, remedy string
	}{
		{"ffmpeg without encoders", "binaries: {ffmpeg: " + bare + "}", checkFFmpeg, "was built without decoder h264", "apt install ffmpeg"},
		{"no ffmpeg", "binaries: {ffmpeg: /bin/echo}", checkFFmpeg, "is no ffmpeg", "binaries.ffmpeg"},
		{"chromium", "binaries: {chromium: /bin/false}", checkChromium, "start chromium", "apt install --reinstall chromium"},
		{"sandbox", "enable_chrome_sandbox: true\nbinaries: {chromium: /bin/false}", checkChromium, "start chromium", "a user other than root"},
		{"xvfb", "binaries: {xvfb: /bin/false}", checkXvfb, "start xvfb", "apt install --reinstall xvfb"},
		{"pulseaudio", "binaries: {pulseaudio: /bin/false}", checkPulseAudio, "start pulseaudio", "binaries.pulseaudio"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want(t, c.run(t.Context(), about(t, c.conf)), Fail, c.found, c.remedy)
		})
	}
}

func TestProgramsThatAreSlow(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	for name, run := range map[string]func(context.Context, *subject) []Result{
		"ffmpeg": checkFFmpeg, "chromium": checkChromium, "xvfb": checkXvfb, "pulseaudio": checkPulseAudio,
	} {
		t.Run(name, func(t *testing.T) { want(t, run(ctx, about(t, "")), Fail, "within 30s", "--timeout") })
	}
}
