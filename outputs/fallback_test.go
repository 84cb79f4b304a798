package outputs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
)

// brokenDevice is an ffmpeg for a device's encoder: a real one, of x264 in a disguise of its own (another profile,
// another entropy coder), so that nothing of it is decoded with what x264 says of itself. refuses has it say that there
// is no device.
func brokenDevice(t *testing.T, refuses bool) string {
	t.Helper()
	refuse := ""
	if refuses {
		refuse = `echo "[h264_nvenc] OpenEncodeSessionEx failed: no encode device" >&2; exit 1`
	}
	path := filepath.Join(t.TempDir(), "ffmpeg")
	script := `#!/bin/bash
if [[ " $* " != *" h264_nvenc "* ]]; then exec ffmpeg "$@"; fi
` + refuse + `
args=()
while (($#)); do case $1 in
  -forced-idr|-no-scenecut|-rc|-profile:v) shift 2; continue;;
  h264_nvenc) args+=(libx264 -profile:v baseline -x264-params cabac=0:ref=3);;
  p4) args+=(ultrafast);;
  *) args+=("$1");;
esac; shift; done
exec ffmpeg "${args[@]}"
`
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDeviceDies: x264 goes on in the same file where a device's encoder has died, or never came to life.
func TestDeviceDies(t *testing.T) {
	for name, refuses := range map[string]bool{"in the middle": false, "at the start": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ffpipe.EncoderOptions{
				Video: true, Audio: true, AudioFrequency: 44100, KeyFrameInterval: 1, Device: ffpipe.VideoDevice{Encoder: ffpipe.NVENC},
			})
			r.encoding.FFmpeg = brokenDevice(t, refuses)
			file := r.record()
			r.start()
			if refuses {
				waitFor(t, "the refusal to be noticed", func() bool { return r.encoding.Stats().Restarts > 0 })
				r.push(100, true)
			} else {
				r.push(100, true)
				waitFor(t, "a fragment", func() bool { return r.hub.Stats().Fragments > 0 })
				r.kill()
			}
			late := r.hub.Subscribe("late joiner", Lossless{})
			r.push(90, true)
			result, want := r.finish(file)
			stats := r.encoding.Stats()
			reason := "nvenc: encoder: ended by signal 9"
			if refuses {
				reason = "nvenc: encoder: exit code 1: [h264_nvenc] OpenEncodeSessionEx failed: no encode device"
			}
			if stats.Restarts != 1 || stats.FellBack == nil || !strings.HasPrefix(stats.FellBack.Error(), reason) {
				t.Errorf("%+v, want %q", stats, reason)
			}
			measure(t, result.Path, r.encoding.Options).check(t, want, stats)
			if l := measure(t, r.heard(late), r.encoding.Options); len(l.flashes) == 0 || len(l.beeps) == 0 {
				t.Errorf("late joiner sees %d flashes, hears %d beeps", len(l.flashes), len(l.beeps))
			}
		})
	}
}
