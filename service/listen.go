package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// headerWait bounds how long a client may take to say what it wants.
	headerWait = 10 * time.Second
	// farewell bounds the end of what is still being answered.
	farewell = 2 * time.Second
)

// port is a small HTTP server of the node, for its operators.
type port struct {
	server http.Server
	at     net.Addr
	wg     sync.WaitGroup
}

// listen serves h on a port of all interfaces, or of the loopback only. key is named in the error.
func listen(key string, number int, loopback bool, h http.Handler) (*port, error) {
	host := ""
	if loopback {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(number)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	p := &port{server: http.Server{Handler: h, ReadHeaderTimeout: headerWait}, at: l.Addr()}
	p.wg.Go(func() { _ = p.server.Serve(l) })
	return p, nil
}

// close ends the server; nil has nothing to end.
func (p *port) close() {
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if err := p.server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		_ = p.server.Close()
	}
	p.wg.Wait()
}

// ports are those that the configuration asks for.
type ports []*port

// openPorts opens all, or none.
func (s *Service) openPorts() (open ports, err error) {
	for _, want := range []struct {
		key      string
		number   int
		loopback bool
		handler  func() http.Handler
	}{
		{"health_port", s.conf.HealthPort, false, func() http.Handler { return http.HandlerFunc(s.serveHealth) }},
		{"prometheus_port", s.conf.PrometheusPort, false, func() http.Handler { return s.metrics.handler() }},
		{"debug_handler_port", s.conf.DebugHandlerPort, true, s.debugHandler},
		{"control_port", s.conf.ControlPort, true, func() http.Handler { return controlHandler(s.onAir.session) }},
	} {
		if want.number == 0 {
			continue
		}
		p, err := listen(want.key, want.number, want.loopback, want.handler())
		if err != nil {
			open.close()
			return nil, err
		}
		s.log.Info("listening", "for", want.key, "address", p.at)
		open = append(open, p)
	}
	return open, nil
}

func (all ports) close() {
	for _, p := range all {
		p.close()
	}
}
