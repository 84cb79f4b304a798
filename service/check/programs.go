package check

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe"
)

func checkFFmpeg(ctx context.Context, s *subject) []Result {
	c, err := ffpipe.Probe(ctx, s.conf.Binaries.FFmpeg)
	switch {
	case errors.Is(err, ffpipe.ErrNotFound):
		return missing("ffmpeg", s.conf.Binaries.FFmpeg, "ffmpeg")
	case errors.Is(err, context.DeadlineExceeded):
		return fail(fmt.Sprintf("it did not tell its encoders within %v", s.patience), slow)
	case err != nil:
		return fail(oneLine(err), "apt install --reinstall ffmpeg, or name another in binaries.ffmpeg")
	}
	if path, err := exec.LookPath(c.Path); err == nil {
		c.Path = path
	}
	if lacks := c.Missing(); len(lacks) > 0 {
		return fail(fmt.Sprintf("%s (%s) was built without %s", c.Version, c.Path, strings.Join(lacks, ", ")),
			"apt install ffmpeg, and name that one in binaries.ffmpeg")
	}
	return ok("%s (%s), with all encoders and muxers", c.Version, c.Path)
}

func checkVideoEncoder(ctx context.Context, s *subject) []Result {
	asked := s.conf.VideoEncoder
	device, refused, err := ffpipe.ChooseVideoEncoder(ctx, s.conf.Binaries.FFmpeg, asked)
	var reasons []string
	for _, r := range refused {
		reasons = append(reasons, oneLine(r))
	}
	switch {
	case err != nil:
		return fail(fmt.Sprintf("%s did not encode a picture within %v", asked, s.patience), slow)
	case len(refused) == 0:
		return ok("%s", device)
	case asked == ffpipe.AutoVideoEncoder:
		return ok("%s; not %s", device, strings.Join(reasons, "; not "))
	}
	return warn(strings.Join(reasons, "; ")+"; x264 encodes in its place", "give ffegress the device (docs/operating.md), or set video_encoder to x264")
}

func checkChromium(ctx context.Context, s *subject) []Result {
	p, err := browser.ProbeChromium(ctx, s.browser())
	var lacks *browser.MissingProgramError
	switch {
	case errors.As(err, &lacks) && p.Path != "":
		return warn(p.Path+" is there, and was not started because Xvfb is missing", "apt install xvfb")
	case errors.As(err, &lacks):
		return missing("Chromium", s.conf.Binaries.Chromium, "chromium")
	case errors.Is(err, context.DeadlineExceeded):
		return fail(fmt.Sprintf("%s did not start within %v", p.Path, s.patience), slow)
	case err != nil && s.conf.EnableChromeSandbox:
		return fail(oneLine(err), "enable_chrome_sandbox needs a user other than root and a kernel that lets users make namespaces; set it to false")
	case err != nil:
		return fail(oneLine(err), "apt install --reinstall chromium, or name another in binaries.chromium; look at chrome_flags")
	}
	return ok("%s (%s) starts", p.Version, p.Path)
}

func checkXvfb(ctx context.Context, s *subject) []Result {
	p, err := browser.ProbeXvfb(ctx, s.browser())
	return s.started(p, err, "Xvfb", s.conf.Binaries.Xvfb, "xvfb")
}

func checkPulseAudio(ctx context.Context, s *subject) []Result {
	p, err := browser.ProbePulseAudio(ctx, s.browser())
	return s.started(p, err, "PulseAudio", s.conf.Binaries.PulseAudio, "pulseaudio")
}

func (s *subject) started(p browser.Probe, err error, program, named, pkg string) []Result {
	var lacks *browser.MissingProgramError
	switch {
	case errors.As(err, &lacks):
		return missing(program, named, pkg)
	case errors.Is(err, context.DeadlineExceeded):
		return fail(fmt.Sprintf("it did not start within %v", s.patience), slow)
	case err != nil:
		return fail(oneLine(err), fmt.Sprintf("apt install --reinstall %s, or name another in binaries.%s", pkg, strings.ToLower(program)))
	}
	return ok("%s starts", p.Path)
}

// browser are the options of a recording's browser, as far as they are the configuration's.
func (s *subject) browser() browser.Options {
	c := s.conf
	return browser.Options{
		Sandbox: c.EnableChromeSandbox, Insecure: c.Insecure, Flags: c.ChromeFlags,
		Chromium: c.Binaries.Chromium, Xvfb: c.Binaries.Xvfb, PulseAudio: c.Binaries.PulseAudio,
	}
}

func missing(program, named, pkg string) []Result {
	if named != "" {
		return fail(named+" not found", fmt.Sprintf("correct binaries.%s, or take it out and apt install %s", strings.ToLower(program), pkg))
	}
	return fail(program+" not found", fmt.Sprintf("apt install %s, or name its path in binaries.%s", pkg, strings.ToLower(program)))
}

// oneLine is an error's text without its line ends.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
