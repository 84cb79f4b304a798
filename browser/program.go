package browser

import (
	"fmt"
	"os/exec"
)

// MissingProgramError says that a program that the browser source needs is not
// installed.
type MissingProgramError struct {
	Program string // as it is called
	Package string // Debian's package of it
	Err     error
}

func (e *MissingProgramError) Error() string {
	return fmt.Sprintf("%s not found: install it (Debian package %q) or name its path in the configuration", e.Program, e.Package)
}

func (e *MissingProgramError) Unwrap() error { return e.Err }

// The real binary comes first: Debian's wrapper script adds flags of its own
// and 0.1 s.
var chromiumNames = []string{"/usr/lib/chromium/chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// need is one program to find.
type need struct {
	path    *string // as configured, then where it is
	wanted  bool
	program string
	pkg     string
	names   []string
}

// The indices of needs.
const (
	needChromium = iota
	needXvfb
	needPulseAudio
)

func (o *Options) needs() []need {
	return []need{
		needChromium:   {&o.Chromium, true, "Chromium", "chromium", chromiumNames},
		needXvfb:       {&o.Xvfb, true, "Xvfb", "xvfb", []string{"Xvfb"}},
		needPulseAudio: {&o.PulseAudio, o.Audio, "PulseAudio", "pulseaudio", []string{"pulseaudio"}},
	}
}

// findPrograms replaces names by paths, so that whatever is missing is told
// before anything is started.
func (o *Options) findPrograms() error {
	for _, n := range o.needs() {
		if !n.wanted {
			continue
		}
		if err := n.find(); err != nil {
			return err
		}
	}
	return nil
}

func (n need) find() error {
	names, program := n.names, n.program
	if *n.path != "" {
		names, program = []string{*n.path}, *n.path
	}
	path, err := lookUp(names)
	if err != nil {
		return &MissingProgramError{Program: program, Package: n.pkg, Err: err}
	}
	*n.path = path
	return nil
}

func lookUp(names []string) (path string, err error) {
	for _, name := range names {
		if path, err = exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", err
}
