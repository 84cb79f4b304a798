package browser

import (
	"strings"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"
)

// What a page writes to its console, as the whole of any argument of any
// console method, to have the recording begin and end (the template protocol
// of LiveKit Egress).
const (
	startSignal = "START_RECORDING"
	endSignal   = "END_RECORDING"
)

// consoleLimit bounds what is told of one call of the console, in bytes.
const consoleLimit = 2000

// logLine takes one call of a console method.
func (p *page) logLine(e *proto.RuntimeConsoleAPICalled) {
	p.mu.Lock()
	p.logged = true
	p.mu.Unlock()
	texts := make([]string, 0, len(e.Args))
	var signals []string
	for _, arg := range e.Args {
		text := argText(arg)
		if arg.Type == proto.RuntimeRemoteObjectTypeString {
			signals = append(signals, text)
		}
		texts = append(texts, text)
	}
	// Told before it is obeyed: the end of a recording is the end of its log.
	p.tell(string(e.Type), strings.Join(texts, " "))
	for _, signal := range signals {
		switch signal {
		case startSignal:
			p.start()
		case endSignal:
			p.end()
		}
	}
}

func argText(arg *proto.RuntimeRemoteObject) string {
	switch {
	case arg.Type == proto.RuntimeRemoteObjectTypeString:
		return arg.Value.Str()
	case arg.UnserializableValue != "":
		return string(arg.UnserializableValue)
	case arg.Description != "":
		return arg.Description
	case arg.Type == proto.RuntimeRemoteObjectTypeUndefined:
		return "undefined"
	case arg.Subtype == proto.RuntimeRemoteObjectSubtypeNull:
		return "null"
	}
	return arg.Value.String()
}

func exceptionText(d *proto.RuntimeExceptionDetails) string {
	if d == nil {
		return ""
	}
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func (p *page) tell(level, text string) {
	p.mu.Lock()
	console, redact := p.console, p.redact
	p.mu.Unlock()
	if console == nil {
		return
	}
	text = redact.Redact(text) // before it is cut: half a secret is not found
	if len(text) > consoleLimit {
		text = strings.ToValidUTF8(text[:consoleLimit], "") + "…"
	}
	console(level, text)
}

// discardLogged lets the page forget what it has logged: while somebody listens
// each logged object is kept for him, which in hours of recording is a leak.
func (p *page) discardLogged() {
	p.mu.Lock()
	logged := p.logged
	p.logged = false
	p.mu.Unlock()
	if !logged {
		return
	}
	_ = p.within(callWait, func(page *rod.Page) error {
		return proto.RuntimeReleaseObjectGroup{ObjectGroup: "console"}.Call(page)
	})
}
