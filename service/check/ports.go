package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/ffegress/ffegress/browser"
)

// checkPorts looks whether the ports for operators can be opened.
func checkPorts(ctx context.Context, s *subject) (all []Result) {
	var free []string
	for _, p := range []struct {
		key  string
		port int
		host string // "" = all interfaces
	}{
		{"health_port", s.conf.HealthPort, ""},
		{"prometheus_port", s.conf.PrometheusPort, ""},
		{"debug_handler_port", s.conf.DebugHandlerPort, "127.0.0.1"},
		{"control_port", s.conf.ControlPort, "127.0.0.1"},
	} {
		if p.port == 0 {
			continue
		}
		at := fmt.Sprintf("%s %d", p.key, p.port)
		l, err := net.Listen("tcp", net.JoinHostPort(p.host, fmt.Sprint(p.port)))
		switch {
		case err == nil:
			_ = l.Close()
			free = append(free, at)
		case errors.Is(err, syscall.EADDRINUSE) && s.runsHere(ctx):
			all = append(all, warn(at+" is used, probably by the ffegress that is running", "a second one on this machine needs ports of its own")...)
		case errors.Is(err, syscall.EADDRINUSE):
			all = append(all, fail(at+" is used by another program", fmt.Sprintf("set %s to a free port", p.key))...)
		default:
			all = append(all, fail(at+": "+oneLine(err), fmt.Sprintf("set %s to a port that this user may open", p.key))...)
		}
	}
	switch {
	case len(free) > 0:
		return append(ok("%s: free", strings.Join(free, ", ")), all...)
	case len(all) == 0:
		return ok("none is set")
	}
	return all
}

// runsHere tells whether an ffegress serves the template at the configured port.
func (s *subject) runsHere(ctx context.Context) bool {
	a, err := send(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", s.conf.TemplatePort), "", nil)
	return err == nil && browser.IsTemplate(a.body)
}
