package gate

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// tunnel carries a connection that was asked for with CONNECT: TLS, or a WebSocket.
func (g *Gate) tunnel(w http.ResponseWriter, r *http.Request) {
	to := target(r)
	there, err := g.reach(r.Context(), to)
	if err != nil {
		g.failed(w, r, err)
		return
	}
	g.failures.forget(Endpoint(to))
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = there.Close()
		return
	}
	// What was read with the request belongs to the tunnel.
	g.carry(here, buffered.Reader, there)
}

// carry copies both ways until both have ended, or the gate is closed.
func (g *Gate) carry(here net.Conn, from *bufio.Reader, there net.Conn) {
	both := func() { _ = errors.Join(here.Close(), there.Close()) }
	defer both()
	stop := context.AfterFunc(g.life, both)
	defer stop()
	if _, err := io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		if _, err := io.Copy(there, from); err != nil {
			both()
			return
		}
		halfClose(there)
	}()
	if _, err := io.Copy(here, there); err != nil {
		both()
	} else {
		halfClose(here)
	}
	<-up
}

// halfClose says that no more will come this way.
func halfClose(c net.Conn) {
	if t, ok := c.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite()
		return
	}
	_ = c.Close()
}
