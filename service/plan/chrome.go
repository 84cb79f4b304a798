package plan

import (
	"path/filepath"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/config"
)

// chrome is the browser for a format, with its files in a directory of its own under dir.
func chrome(conf *config.Config, src SourceKind, f programme.Format, depth int, dir string) browser.Options {
	delay := browser.PageAudioDelay
	if src == Room {
		delay = browser.CallAudioDelay
	}
	// Chromium paints nothing on 8 bits; what was asked for to save memory gets the next depth.
	depth = max(depth, 16)
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
		AudioDelay: delay,
	}
}
