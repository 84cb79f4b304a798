package custompage

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
)

//go:embed dist
var bundle embed.FS

// Top is how far below the upper edge the page starts its pictures, in pixels;
// it reaches the page by the query of [Server.URL].
const Top = 64

// Server serves the page on a free loopback port.
type Server struct {
	URL string // with a query of its own, as custom_base_url

	http *httptest.Server
}

// Start serves the page until Close.
func Start() (*Server, error) {
	files, err := fs.Sub(bundle, "dist")
	if err != nil {
		return nil, fmt.Errorf("serve custom page: %w", err)
	}
	s := &Server{http: httptest.NewServer(http.FileServerFS(files))}
	s.URL = fmt.Sprintf("%s/?top=%d", s.http.URL, Top)
	return s, nil
}

// Close stops serving.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}
