package outputs

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// publishServer is as much of an RTMP server as ffmpeg needs to publish.
type publishServer struct {
	t      *testing.T
	listen net.Listener
	// refuse, if set, is the answer to publish instead of its start.
	refuse []byte
	// hold is for how many bytes of media a connection is kept; 0 = as long as the child likes.
	hold int
	// deaf is that it reads nothing more after that many bytes of media; 0 = it reads all.
	deaf  int
	awake chan struct{} // closed when the deaf may go
	wg    sync.WaitGroup

	mu    sync.Mutex
	asked [][]byte // all that each connection sent before it was taken
	media []int    // bytes after that
}

func newPublishServer(t *testing.T, secure *tls.Config, change func(*publishServer)) *publishServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if secure != nil {
		ln = tls.NewListener(ln, secure)
	}
	s := &publishServer{t: t, listen: ln, awake: make(chan struct{})}
	if change != nil {
		change(s)
	}
	s.wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() {
				defer conn.Close()
				s.serve(conn)
			})
		}
	})
	t.Cleanup(s.close)
	return s
}

func (s *publishServer) close() {
	close(s.awake)
	_ = s.listen.Close()
	s.wg.Wait()
}

func (s *publishServer) url(scheme string) string {
	return scheme + "://" + s.listen.Addr().String() + "/live/secret-stream-key"
}

// serve answers each command when it comes.
func (s *publishServer) serve(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	hello := make([]byte, 1+1536)
	if _, err := io.ReadFull(conn, hello); err != nil {
		return
	}
	if _, err := conn.Write(slices.Concat([]byte{3}, make([]byte, 1536), hello[1:])); err != nil {
		return
	}
	start := status("status", "NetStream.Publish.Start", "")
	if s.refuse != nil {
		start = s.refuse
	}
	answers := []struct{ command, answer []byte }{
		{amfText("connect"), slices.Concat(chunked(2, 1, 128, []byte{0, 0, 16, 0}),
			chunked(3, 20, 4096, result("_result", 1, amfObject("code", "NetConnection.Connect.Success"))))},
		{amfText("createStream"), chunked(3, 20, 4096, result("_result", 4, amfNumber(1)))},
		{amfText("publish"), chunked(3, 20, 4096, start)},
	}
	s.mu.Lock()
	index := len(s.asked)
	s.asked, s.media = append(s.asked, nil), append(s.media, 0)
	s.mu.Unlock()
	b := make([]byte, 4096)
	for {
		n, err := conn.Read(b)
		s.mu.Lock()
		if len(answers) == 0 {
			s.media[index] += n
		} else {
			s.asked[index] = append(s.asked[index], b[:n]...)
		}
		asked, media := s.asked[index], s.media[index]
		s.mu.Unlock()
		for len(answers) > 0 && bytes.Contains(asked, answers[0].command) {
			if _, err := conn.Write(answers[0].answer); err != nil {
				return
			}
			answers = answers[1:]
		}
		if s.deaf > 0 && media >= s.deaf {
			<-s.awake
			return
		}
		if err != nil || s.hold > 0 && media >= s.hold {
			return
		}
	}
}

// connections is how much media each connection has sent.
func (s *publishServer) connections() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.media)
}
