package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// checkTemplatePort looks whether the room template can be served.
func checkTemplatePort(ctx context.Context, s *subject) []Result {
	addr := fmt.Sprintf("127.0.0.1:%d", s.conf.TemplatePort)
	const remedy = "set template_port to a free port"
	l, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		_ = l.Close()
		return ok("%s is free", addr)
	case !errors.Is(err, syscall.EADDRINUSE):
		return fail(oneLine(err), remedy)
	}
	if s.runsHere(ctx) {
		return warn(addr+" is used by an ffegress that is running", "a second one on this machine needs a template_port of its own")
	}
	return fail(addr+" is used by another program", remedy)
}

// checkTemplateBase asks for the page of RoomComposite requests if it is not the built-in one.
func checkTemplateBase(ctx context.Context, s *subject) []Result {
	base := s.conf.TemplateBase
	if base == fmt.Sprintf("http://localhost:%d/", s.conf.TemplatePort) {
		return ok("the built-in template")
	}
	const remedy = "correct template_base, or take it out to use the built-in template"
	u, err := url.Parse(base)
	if err != nil {
		return fail("it is no url", remedy)
	}
	bare := *u
	bare.RawQuery = ""
	a, err := send(ctx, http.MethodGet, base, "", nil)
	switch {
	case err != nil:
		return s.unreachable(bare.Redacted(), err, remedy)
	case a.status >= http.StatusBadRequest:
		return fail(fmt.Sprintf("%s answers with status %d", bare.Redacted(), a.status), remedy)
	}
	return ok("%s answers", bare.Redacted())
}
