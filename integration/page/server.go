package page

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/ffegress/ffegress/integration/publish"
)

//go:embed index.html
var index []byte

// ClipSeconds is how long the card plays before it stands still.
const ClipSeconds = 120

// Server serves the pages.
type Server struct {
	URL    string // http://127.0.0.1:port
	TLSURL string // the same behind a certificate that nobody trusts

	http  *http.Server
	tls   *httptest.Server
	close chan struct{}
	clip  string
}

// Start makes the clip of participant 0's card if the cache lacks it (some
// seconds for 1280x720) and serves it on free loopback ports.
func Start(ctx context.Context, cache publish.Cache, size publish.Size) (*Server, error) {
	clip, err := cache.Clip(ctx, publish.Card{ID: 0, Size: size}, ClipSeconds)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve pages: %w", err)
	}
	s := &Server{URL: "http://" + l.Addr().String(), close: make(chan struct{}), clip: clip}
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	go s.http.Serve(l)
	s.tls = httptest.NewUnstartedServer(s.handler())
	s.tls.Config.ErrorLog = nil
	s.tls.StartTLS()
	s.TLSURL = s.tls.URL
	return s, nil
}

// Close stops serving and ends the requests that hang.
func (s *Server) Close() {
	close(s.close)
	s.http.Close()
	s.tls.CloseClientConnections()
	s.tls.Close()
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(index)
	})
	mux.HandleFunc("GET /clip.webm", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, s.clip)
	})
	mux.HandleFunc("GET /status/{code}", status)
	mux.HandleFunc("GET /loop", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop", http.StatusFound)
	})
	mux.HandleFunc("GET /hang", func(_ http.ResponseWriter, r *http.Request) { s.hang(r) })
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>never loads</title><img src="hang">`)
	})
	mux.HandleFunc("GET /drop", func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	})
	return mux
}

// hang answers nothing until the client leaves or the server closes.
func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.close:
	}
}

func status(w http.ResponseWriter, r *http.Request) {
	code := 0
	if _, err := fmt.Sscanf(r.PathValue("code"), "%d", &code); err != nil || code < 400 || code > 599 {
		code = http.StatusBadRequest
	}
	http.Error(w, http.StatusText(code), code)
}

// Card is the URL of the playing card. start and end are when START_RECORDING
// and END_RECORDING are logged, counted from the first picture; negative
// means never.
func (s *Server) Card(start, end time.Duration) string {
	url := s.URL + "/?"
	if start >= 0 {
		url += fmt.Sprintf("start=%d&", start.Milliseconds())
	}
	if end >= 0 {
		url += fmt.Sprintf("end=%d&", end.Milliseconds())
	}
	return url[:len(url)-1]
}
