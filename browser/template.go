package browser

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"time"
)

//go:embed template/dist
var templateBundle embed.FS

// TemplateServer serves the built-in room page on the loopback interface. Set
// Addr, call Start, and Close when done.
type TemplateServer struct {
	Addr string // "127.0.0.1:7980"; port 0 chooses one, which Start sets here

	server *http.Server
	done   chan struct{}
}

// Start listens and serves. An address that is not of the loopback interface is
// an error: the page is for our own browsers only.
func (t *TemplateServer) Start() error {
	host, _, err := net.SplitHostPort(t.Addr)
	if err != nil {
		return fmt.Errorf("serve template: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("serve template: %s is not a loopback address", t.Addr)
	}
	files, err := fs.Sub(templateBundle, "template/dist")
	if err != nil {
		return fmt.Errorf("serve template: %w", err)
	}
	listener, err := net.Listen("tcp", t.Addr)
	if err != nil {
		return fmt.Errorf("serve template: %w", err)
	}
	t.Addr = listener.Addr().String()
	t.server = &http.Server{Handler: http.FileServerFS(files), ReadHeaderTimeout: 10 * time.Second}
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		_ = t.server.Serve(listener) // ends by Close only
	}()
	return nil
}

// IsTemplate tells whether a page that was served somewhere is the built-in one.
func IsTemplate(page string) bool {
	own, err := templateBundle.ReadFile("template/dist/index.html")
	return err == nil && string(own) == page
}

// URL is the base address of the page.
func (t *TemplateServer) URL() string { return "http://" + t.Addr }

// Port is where the page is served.
func (t *TemplateServer) Port() int {
	_, port, _ := net.SplitHostPort(t.Addr)
	n, _ := strconv.Atoi(port) // Start has set it
	return n
}

// Close stops serving, at once when ctx ends.
func (t *TemplateServer) Close(ctx context.Context) error {
	if t.server == nil {
		return nil
	}
	err := t.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop template server: %w", err), t.server.Close())
	}
	<-t.done
	return err
}
