package outputs

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// takingSocket is a WebSocket server that reads everything.
func takingSocket(t *testing.T) string {
	t.Helper()
	s := newSocketServer(func(conn *websocket.Conn) {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	})
	s.Start()
	t.Cleanup(s.Close)
	return socketURL(s)
}

// deafSocket is a WebSocket server that reads nothing.
func deafSocket(t *testing.T) string {
	t.Helper()
	over := make(chan struct{})
	s := newSocketServer(func(*websocket.Conn) { <-over })
	s.Start()
	t.Cleanup(func() {
		close(over)
		s.Close()
	})
	return socketURL(s)
}

// brokenSocket is a WebSocket server that is gone after the first frame.
func brokenSocket(t *testing.T) string {
	t.Helper()
	var ln net.Listener
	s := newSocketServer(func(conn *websocket.Conn) {
		_, _, _ = conn.ReadMessage()
		_ = ln.Close()
	})
	ln = s.Listener
	s.Start()
	t.Cleanup(s.Close)
	return socketURL(s)
}

func newSocketServer(serve func(*websocket.Conn)) *httptest.Server {
	up := websocket.Upgrader{}
	return httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		serve(conn)
	}))
}

func socketURL(s *httptest.Server) string { return "ws" + strings.TrimPrefix(s.URL, "http") + "/" }
