package plan

import (
	"path/filepath"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/config"
)

// chrome is the browser for a format, with its files in a directory of its own under dir.
func chrome(conf *config.Config, f programme.Format, depth int, dir string) browser.Options {
	return browser.Options{
		Width:      f.Width,
		Height:     f.Height,
		Depth:      depth,
		FPS:        f.FPS,
		Video:      f.Video,
		Audio:      f.Audio,
		Sandbox:    conf.EnableChromeSandbox,
		Insecure:   conf.Insecure,
		Flags:      conf.ChromeFlags,
		Dir:        filepath.Join(dir, "browser"),
		Chromium:   conf.Binaries.Chromium,
		Xvfb:       conf.Binaries.Xvfb,
		PulseAudio: conf.Binaries.PulseAudio,
		FFmpeg:     conf.Binaries.FFmpeg,
	}
}
