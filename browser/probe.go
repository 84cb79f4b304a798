package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Probe is a program of the browser source that was found and started.
type Probe struct {
	Path    string
	Version string // empty where the program is not asked
}

// ProbeXvfb starts an Xvfb as a recording would and ends it. A missing program
// is told by a [*MissingProgramError], as by the other probes.
func ProbeXvfb(ctx context.Context, o Options) (Probe, error) {
	return probe(&o, func(dir string) (Probe, error) {
		if err := o.needs()[needXvfb].find(); err != nil {
			return Probe{}, err
		}
		d, err := startDisplay(ctx, &o, dir)
		if err != nil {
			return Probe{}, err
		}
		d.stop(ctx, o.Log)
		return Probe{Path: o.Xvfb}, nil
	})
}

// ProbePulseAudio starts a PulseAudio as a recording would and ends it.
func ProbePulseAudio(ctx context.Context, o Options) (Probe, error) {
	return probe(&o, func(dir string) (Probe, error) {
		if err := o.needs()[needPulseAudio].find(); err != nil {
			return Probe{}, err
		}
		s, err := startSound(ctx, &o, dir)
		if err != nil {
			return Probe{}, err
		}
		s.stop(ctx, o.Log)
		return Probe{Path: o.PulseAudio}, nil
	})
}

// ProbeChromium starts Chromium on an Xvfb of its own, asks for its version and
// ends both. With Xvfb missing it tells that Chromium is there by its path
// beside the error.
func ProbeChromium(ctx context.Context, o Options) (Probe, error) {
	return probe(&o, func(dir string) (Probe, error) {
		if err := o.needs()[needChromium].find(); err != nil {
			return Probe{}, err
		}
		found := Probe{Path: o.Chromium}
		if err := o.needs()[needXvfb].find(); err != nil {
			return found, err
		}
		d, err := startDisplay(ctx, &o, dir)
		if err != nil {
			return found, err
		}
		defer d.stop(ctx, o.Log)
		life, end := context.WithCancel(context.Background())
		defer end()
		c, err := startChrome(ctx, life, func() {}, &o, dir, d, nil)
		if err != nil {
			return found, err
		}
		defer c.stop()
		version, err := c.rod.Version()
		if err != nil {
			return found, fmt.Errorf("ask chromium for its version: %w", err)
		}
		found.Version = version.Product
		return found, nil
	})
}

// probe runs try in a private directory.
func probe(o *Options, try func(dir string) (Probe, error)) (found Probe, err error) {
	parent, err := makeShortDir(shortPrefix+"check-", 0, []string{os.TempDir()})
	if err != nil {
		return Probe{}, fmt.Errorf("make browser directory: %w", err)
	}
	defer func() { err = errors.Join(err, parent.remove()) }()
	o.Width, o.Height, o.FPS, o.Dir = 640, 360, 30, filepath.Join(parent.path, "probe")
	if err := o.complete(); err != nil {
		return Probe{}, err
	}
	dirs, err := makeDirs(o.Dir)
	if err != nil {
		return Probe{}, err
	}
	defer func() { err = errors.Join(err, dirs.remove()) }()
	return try(dirs.work)
}
