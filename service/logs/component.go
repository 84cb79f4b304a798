package logs

import (
	"regexp"
	"runtime"
	"strings"
	"sync"
)

const module = "github.com/ffegress/ffegress/"

// components are those of the places in the code that have logged.
var components sync.Map // uintptr → string

// componentOf names the package that a line is from, with dots: service.session of ours, pion.webrtc of another's. It is
// "" when that is not known.
func componentOf(pc uintptr) string {
	if pc == 0 {
		return ""
	}
	if name, ok := components.Load(pc); ok {
		return name.(string)
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	name := componentName(frame.Function)
	components.Store(pc, name)
	return name
}

// version is the part of an import path that says which major version it is.
var version = regexp.MustCompile(`/v[0-9]+(/|$)`)

// componentName takes the package out of a function's name, "github.com/pion/webrtc/v4.(*Peer).open".
func componentName(function string) string {
	dir, last := "", function
	if slash := strings.LastIndexByte(function, '/'); slash >= 0 {
		dir, last = function[:slash+1], function[slash+1:]
	}
	last, _, _ = strings.Cut(last, ".")
	path := dir + last
	if ours, ok := strings.CutPrefix(path, module); ok {
		path = ours
	} else if host, rest, ok := strings.Cut(path, "/"); ok && strings.Contains(host, ".") {
		path = rest
	}
	return strings.ReplaceAll(strings.TrimSuffix(version.ReplaceAllString(path, "$1"), "/"), "/", ".")
}
