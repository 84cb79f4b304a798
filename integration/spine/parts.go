package spine

import (
	"strings"

	"github.com/ffegress/ffegress/integration/rig"
)

// part is a process of the browser source, found among the recorder's descendants.
type part struct {
	name string
	is   func(rig.Process) bool
	says string // what is told to be lost; "" = the page lives on without it
}

// slug is the name where none may have a space.
func (p part) slug() string { return strings.ReplaceAll(p.name, " ", "-") }

var parts = []part{
	{"renderer", func(p rig.Process) bool {
		args := strings.Join(p.Args, " ") // a forked child of Chromium has one argument with spaces
		return p.Role == "chromium" && strings.Contains(args, "--type=renderer") && !strings.Contains(args, "top-chrome")
	}, "page"},
	{"chromium", func(p rig.Process) bool {
		return p.Role == "chromium" && !strings.Contains(strings.Join(p.Args, " "), "--type=") && !strings.Contains(p.Name, "crashpad")
	}, "chromium"},
	{"xvfb", func(p rig.Process) bool { return p.Role == "xvfb" }, "xvfb"},
	{"gpu process", func(p rig.Process) bool {
		return p.Role == "chromium" && strings.Contains(strings.Join(p.Args, " "), "--type=gpu-process")
	}, ""},
	{"pulseaudio", func(p rig.Process) bool { return p.Role == "pulseaudio" }, "pulseaudio"},
}
