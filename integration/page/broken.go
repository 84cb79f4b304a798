package page

import (
	"fmt"
	"net"
	"net/url"
)

// Broken is a URL that cannot be recorded, and why.
type Broken struct {
	Name  string
	URL   string
	Waits bool // only a timeout of the browser or the service ends it
}

// Broken lists one URL for each way in which a page can fail.
func (s *Server) Broken() ([]Broken, error) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	refused := fmt.Sprintf("http://%s/", closed.Addr())
	closed.Close()
	return []Broken{
		{"unknown host", "http://no-such-host.invalid/", false},
		{"refused", refused, false},
		{"404", s.URL + "/status/404", false},
		{"500", s.URL + "/status/500", false},
		{"untrusted certificate", s.TLSURL + "/", false},
		{"redirects for ever", s.URL + "/loop", false},
		{"connection dropped", s.URL + "/drop", false},
		{"template error", s.URL + "/?div=" + url.QueryEscape("no such layout"), false},
		{"never answers", s.URL + "/hang", true},
		{"never loads", s.URL + "/slow", true},
	}, nil
}
