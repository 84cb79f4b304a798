package config

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
)

func TestFindVideoEncoder(t *testing.T) {
	clean(t)
	refusing := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(refusing, []byte("#!/bin/sh\necho 'Cannot load libcuda.so.1' >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		encoder, level string // of the refusal in the log; "" = there is none
		fell           string // where FellBack begins
	}{
		{"x264", "", ""},
		{"nvenc", "level=WARN", "x264 encodes, nvenc: encoder: exit code 1: Cannot load libcuda.so.1"},
		{"auto", "level=INFO", ""},
	} {
		c, _ := load(t, "video_encoder: "+tt.encoder+"\nbinaries: {ffmpeg: "+refusing+"}\n")
		var said bytes.Buffer
		if err := c.FindVideoEncoder(t.Context(), slog.New(slog.NewTextHandler(&said, nil))); err != nil {
			t.Fatal(err)
		}
		if c.Video.Device != (ffpipe.VideoDevice{}) || !strings.HasPrefix(c.FellBack(), tt.fell) || (c.FellBack() == "") != (tt.fell == "") {
			t.Errorf("%s: %v, %q", tt.encoder, c.Video.Device, c.FellBack())
		}
		refused := strings.Contains(said.String(), `msg="a video encoder cannot be used" encoder=nvenc error="encoder: exit code 1: Cannot load libcuda.so.1"`)
		if refused != (tt.level != "") || !strings.Contains(said.String(), tt.level) {
			t.Errorf("%s: the log is %s", tt.encoder, said.String())
		}
	}
}
