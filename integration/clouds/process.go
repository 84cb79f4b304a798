package clouds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/ffegress/ffegress/integration/objects"
)

// startWait bounds how long an emulator may take to answer; node is slow on a busy machine.
const startWait = 60 * time.Second

// emulator is a program behind faults.
type emulator struct {
	*objects.Server
	cmd    *exec.Cmd
	output *buffer
	ended  chan struct{}
	direct string // URL without the faults
}

// buffer keeps what the program says.
type buffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// start runs a program that is to listen on the port that arguments is given, in a process group of its own. Its answers
// are shown to seen; nil = to nobody.
func start(program string, arguments func(port string) []string, seen func(*http.Response) error) (*emulator, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	e := &emulator{
		cmd: exec.Command(program, arguments(port)...), output: &buffer{}, ended: make(chan struct{}),
		direct: "http://127.0.0.1:" + port,
	}
	e.cmd.Stdout, e.cmd.Stderr = e.output, e.output
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := e.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(program), err)
	}
	go func() { defer close(e.ended); _ = e.cmd.Wait() }()
	if err := e.await("127.0.0.1:" + port); err != nil {
		e.kill()
		return nil, fmt.Errorf("start %s: %w: %s", filepath.Base(program), err, e.output)
	}
	backend, err := url.Parse(e.direct)
	if err != nil {
		e.kill()
		return nil, err
	}
	// Signatures and locations are made of the host that the client has named.
	proxy := &httputil.ReverseProxy{ModifyResponse: seen, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(backend)
		r.Out.Host = r.In.Host
	}}
	if e.Server, err = objects.Before(proxy); err != nil {
		e.kill()
		return nil, err
	}
	return e, nil
}

// await waits until somebody listens.
func (e *emulator) await(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-e.ended:
			return errors.New("it has ended")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *emulator) kill() {
	_ = syscall.Kill(-e.cmd.Process.Pid, syscall.SIGKILL)
	<-e.ended
}

// Close ends the faults and the program.
func (e *emulator) Close() {
	e.Server.Close()
	e.kill()
	http.DefaultClient.CloseIdleConnections()
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// cached finds what scripts/setup has put below .cache.
func cached(parts ...string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
	}
	path := filepath.Join(append([]string{dir, ".cache"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: run scripts/setup", err)
	}
	return path, nil
}
