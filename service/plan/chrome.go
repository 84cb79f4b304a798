package plan

import (
	"cmp"
	"net/url"
	"path/filepath"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/browser/gate"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/config"
)

// The picture that a browser of the pool is launched for: the default one.
const (
	poolWidth, poolHeight = 1280, 720
	poolDepth             = 24
	poolFPS               = 30
)

// PoolBrowser is a browser that is launched before anybody asks for it, with its files under dir. It fits requests of
// the default picture size.
func PoolBrowser(conf *config.Config, dir string) browser.Options {
	f := programme.Format{Width: poolWidth, Height: poolHeight, FPS: poolFPS, Video: true, Audio: true}
	o := chrome(conf, Room, f, poolDepth, dir)
	o.Dir = dir
	o.Gate = true // it may be taken for a page
	o.Wait = wait(conf, conf.TemplateBase)
	return o
}

// wait is the page that a browser for a room page at base begins with, "" when that is not the built-in one.
func wait(conf *config.Config, base string) string {
	if !conf.BuiltinTemplate(base) {
		return ""
	}
	page, err := browser.WaitURL(base)
	if err != nil {
		return ""
	}
	return page
}

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

// limit has a page that a request names go through the gate. A room's page that the configuration names does not.
func limit(conf *config.Config, o *browser.Options, src Source) {
	if src.Kind == Room && trusted(conf, src.BaseURL) {
		return
	}
	o.Gate, o.Reach = true, conf.Reach()
	if u, err := url.Parse(cmp.Or(src.URL, src.BaseURL)); err == nil {
		o.Reach.Page = gate.Host(u)
	}
	if u, err := url.Parse(src.WSURL); err == nil && src.InRoom() {
		o.Reach.Always = []string{gate.Endpoint(u)}
	}
}

func trusted(conf *config.Config, base string) bool {
	return base == conf.TemplateBase || conf.BuiltinTemplate(base)
}

// checkReach refuses a page that is known not to be reached.
func checkReach(conf *config.Config, page string) error {
	u, err := url.Parse(page)
	if err == nil {
		err = conf.Reach().CheckURL(u)
	}
	if err != nil {
		return errURL(page, err.Error())
	}
	return nil
}
