package objects

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Server is an S3 server on a loopback port that stays its own while the server is down.
type Server struct {
	Addr string

	disk   *disk
	faults *faults
	end    context.CancelFunc

	mu   sync.Mutex
	http *http.Server // nil while it is down
}

// Start serves a bucket, with its objects below dir.
func Start(dir string, buckets ...string) (*Server, error) {
	d := &disk{Backend: s3mem.New(), dir: dir}
	for _, b := range buckets {
		if err := d.CreateBucket(b); err != nil {
			return nil, fmt.Errorf("create bucket: %w", err)
		}
	}
	s := &Server{disk: d}
	over, end := context.WithCancel(context.Background())
	s.end = end
	s.faults = &faults{next: gofakes3.New(d, gofakes3.WithoutVersioning()).Server(), over: over}
	return s, s.Up()
}

// Before serves faults before another server's handler, which keeps the objects: what this package tells of objects is
// not for it.
func Before(next http.Handler) (*Server, error) {
	over, end := context.WithCancel(context.Background())
	s := &Server{end: end, faults: &faults{next: next, over: over}}
	return s, s.Up()
}

// URL is the endpoint.
func (s *Server) URL() string { return "http://" + s.Addr }

// Up begins to serve, at the first time on a free port and then on the same.
func (s *Server) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return nil
	}
	addr := s.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("start S3 server: %w", err)
	}
	s.Addr = l.Addr().String()
	s.http = &http.Server{Handler: s.faults, ReadHeaderTimeout: 10 * time.Second}
	go func(h *http.Server) { _ = h.Serve(l) }(s.http)
	return nil
}

// Down cuts all connections and refuses new ones.
func (s *Server) Down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		_ = s.http.Close()
		s.http = nil
	}
}

// Close ends the server.
func (s *Server) Close() {
	s.end()
	s.Down()
}

// Fail has requests meet trouble; nil ends it.
func (s *Server) Fail(f *Fault) { s.faults.set(f) }

// Met is how many requests have met the trouble that was set last.
func (s *Server) Met() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.met
}

// Requests are all that came.
func (s *Server) Requests() []Request {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return slices.Clone(s.faults.requests)
}

// Uploads is how many multipart uploads were begun, and how many are neither completed nor aborted.
func (s *Server) Uploads() (begun, left int) {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	entries, _ := os.ReadDir(s.disk.folder("coming", ""))
	return s.disk.created, len(entries)
}

// Object is an object as the server has it.
type Object struct {
	Size   int64
	SHA256 string // hex
	Meta   map[string]string
}

// Object reads one from the disk; an error that wraps fs.ErrNotExist means that there is none.
func (s *Server) Object(bucket, key string) (Object, error) {
	o, err := load(s.disk.objectFolder(bucket, key))
	if err != nil {
		return Object{}, err
	}
	r, err := s.disk.open(bucket, key)
	if err != nil {
		return Object{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	return Object{n, hex.EncodeToString(sum.Sum(nil)), o.Meta}, errors.Join(err, r.Close())
}

// Read is the content of a small object.
func (s *Server) Read(bucket, key string) ([]byte, error) {
	r, err := s.disk.open(bucket, key)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r)
	return body, errors.Join(err, r.Close())
}

// Keys are the keys of all objects in a bucket, sorted.
func (s *Server) Keys(bucket string) ([]string, error) {
	entries, err := os.ReadDir(s.disk.folder("objects", ""))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var keys []string
	for _, e := range entries {
		o, err := load(s.disk.folder("objects", e.Name()))
		if err != nil {
			return nil, err
		}
		if o.Bucket == bucket {
			keys = append(keys, o.Key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}
