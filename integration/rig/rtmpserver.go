package rig

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// RTMPServer is nginx with its RTMP module. It records whatever is published to the application "live", one file for
// each session. Nobody may publish to "closed", as a hook of the server's says; "fickle" takes a stream and closes the
// connection then.
type RTMPServer struct {
	*Child
	Port int
	Dir  string // its own folder; recordings are below

	config, program string
	starts          int
	hook            *httptest.Server
}

// StartRTMPServer runs it on a free port of the loopback, with everything that it writes in dir.
func StartRTMPServer(ctx context.Context, dir string) (*RTMPServer, error) {
	ports, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	s := &RTMPServer{Port: ports[0], Dir: dir, config: filepath.Join(dir, "nginx.conf")}
	if s.program, err = program("FFEGRESS_NGINX", "nginx"); err != nil {
		s.program = "/usr/sbin/nginx" // where no PATH of a user's leads
	}
	if err := os.MkdirAll(s.recordings(), 0o755); err != nil {
		return nil, err
	}
	s.hook = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	config := fmt.Sprintf(`load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off; master_process off;
pid %[1]s/nginx.pid; error_log %[1]s/error.log info;
events { worker_connections 64; }
rtmp { server {
  listen 127.0.0.1:%[2]d; chunk_size 4096;
  application live { live on; record all; record_path %[3]s; record_unique on; }
  application closed { live on; on_publish %[4]s; }
  application fickle { live on; deny publish all; }
} }
`, dir, s.Port, s.recordings(), s.hook.URL)
	if err = os.WriteFile(s.config, []byte(config), 0o600); err == nil {
		err = s.Restart(ctx)
	}
	if err != nil {
		s.hook.Close()
		return nil, err
	}
	return s, nil
}

// Close ends it.
func (s *RTMPServer) Close() {
	s.Kill()
	s.hook.Close()
}

// Restart runs it again, on the same port, after it was killed (or for the first time).
func (s *RTMPServer) Restart(ctx context.Context) error {
	s.starts++
	log := filepath.Join(s.Dir, fmt.Sprintf("nginx.%d.log", s.starts))
	c, err := Launch("nginx", s.program, []string{"-p", s.Dir, "-c", s.config, "-e", filepath.Join(s.Dir, "error.log")}, nil, log)
	if err != nil {
		return err
	}
	s.Child = c
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := c.waitFor(ctx, "RTMP port", func() bool { return listening(s.Port) }); err != nil {
		c.Kill()
		return err
	}
	return nil
}

func (s *RTMPServer) recordings() string { return filepath.Join(s.Dir, "recordings") }

// URL is where to publish under a key.
func (s *RTMPServer) URL(app, key string) string { return StreamURL("rtmp", s.Port, app, key) }

// StreamURL is an RTMP url on the loopback; that of rtmps names the host of [NewCertificates]'s example, "localhost".
func StreamURL(scheme string, port int, app, key string) string {
	host := "127.0.0.1"
	if scheme == "rtmps" {
		host = "localhost"
	}
	return fmt.Sprintf("%s://%s:%d/%s/%s", scheme, host, port, app, key)
}

// Recordings are the files of a key's sessions, oldest first.
func (s *RTMPServer) Recordings(key string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(s.recordings(), key+"-*.flv"))
	slices.Sort(files) // their names end in the time
	return files, err
}
