package outputs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ffegress/ffegress/ffpipe"
)

const (
	// publishTimeout bounds the time from the start of the child to the server's word that it takes the stream.
	publishTimeout = 8 * time.Second
	// closeTimeout bounds how long the server may take to close after the stream's end.
	closeTimeout = 2 * time.Second
	linkTick     = 500 * time.Millisecond
	linkBuffer   = 32 << 10
	linkReceive  = 64 << 10 // the kernel's for the child, doubled
)

var errNoChild = errors.New("it does not connect")

// rtmpLink carries one child's RTMP from the loopback to the server, with TLS if wanted, and tells how it goes. It
// sees what ffmpeg does not tell: whether the server takes the stream, and whether it still reads.
type rtmpLink struct {
	server net.Conn
	tcp    *net.TCPConn // under server
	listen net.Listener // where the child comes; closed by run
	redact *ffpipe.Redactor

	taken     chan struct{} // closed when the server takes the stream
	takenOnce sync.Once
	shaken    atomic.Bool
	ended     atomic.Bool // the child has closed its side
}

// newRTMPLink listens for the child of a connection to the server, which it owns from here on.
func newRTMPLink(server net.Conn, tcp *net.TCPConn, redact *ffpipe.Redactor) (*rtmpLink, error) {
	// What waits here is neither sent nor dropped: it must be little.
	bounded := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, linkReceive) })
	}}
	listen, err := bounded.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		_ = server.Close()
		return nil, fmt.Errorf("listen for ffmpeg: %w", err)
	}
	return &rtmpLink{server: server, tcp: tcp, listen: listen, redact: redact, taken: make(chan struct{})}, nil
}

// address is where the child must publish.
func (l *rtmpLink) address() string { return l.listen.Addr().String() }

// run carries until the child has closed its side and the server its own (nil), the server fails (*StreamError) or ctx
// ends. Both connections are closed then.
func (l *rtmpLink) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, l.hangUp)
	defer stop()
	defer l.hangUp()
	deadline := time.Now().Add(publishTimeout)
	if t, ok := l.listen.(*net.TCPListener); ok {
		_ = t.SetDeadline(deadline)
	}
	child, err := l.listen.Accept()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &StreamError{FaultChild, errNoChild}
	}
	_ = l.listen.Close() // there is one child
	up, down := make(chan error, 1), make(chan error, 1)
	go func() { up <- l.up(child) }()
	go func() { down <- l.down(child) }()
	return l.watch(ctx, deadline, child, up, down)
}

// hangUp unblocks everything.
func (l *rtmpLink) hangUp() {
	_ = l.listen.Close()
	_ = l.tcp.Close() // not the TLS connection, which would wait for its farewell to be sent
}

// watch waits for the end, and finds a server that is silent. Both copies have ended when it returns.
func (l *rtmpLink) watch(ctx context.Context, deadline time.Time, child net.Conn, up, down <-chan error) error {
	tick := time.NewTicker(linkTick)
	defer tick.Stop()
	var acks ackWatch
	var verdict error
	decided := false
	decide := func(err error) {
		if !decided {
			decided, verdict = true, err
			l.hangUp()
			_ = child.Close()
		}
	}
	taken, done := l.taken, ctx.Done()
	var closing <-chan time.Time
	for up != nil || down != nil {
		select {
		case err := <-up:
			up = nil
			if err != nil {
				decide(l.closed(err))
				break
			}
			closing = time.After(closeTimeout)
		case err := <-down:
			down = nil
			decide(l.closed(err))
		case <-closing:
			decide(nil)
		case <-taken:
			taken, deadline = nil, time.Time{}
		case <-done:
			done = nil
			decide(ctx.Err())
		case now := <-tick.C:
			if !deadline.IsZero() && now.After(deadline) {
				decide(&StreamError{FaultStalled, errors.New("no answer to the publishing request")})
				break
			}
			if q, err := queueOf(l.tcp); err == nil && acks.stalled(now, q) {
				decide(&StreamError{FaultStalled, fmt.Errorf("nothing acknowledged for %v", stallLimit)})
			}
		}
	}
	return verdict
}

// closed says what the end of what the server sends means.
func (l *rtmpLink) closed(err error) error {
	var known *StreamError
	switch {
	case errors.As(err, &known):
		return known
	case l.ended.Load():
		return nil
	case l.isTaken():
		return &StreamError{FaultClosed, err}
	case l.shaken.Load():
		// Servers that do not know the application or the key often just hang up.
		return &StreamError{FaultRejected, errors.New("it closed the connection before it took the stream")}
	}
	return &StreamError{FaultClosed, err}
}

// up copies from the child to the server. nil = the child has closed its side.
func (l *rtmpLink) up(child net.Conn) error {
	b := make([]byte, linkBuffer)
	for {
		n, err := child.Read(b)
		if n > 0 {
			if _, err := l.server.Write(b[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			l.ended.Store(true)
			if half, ok := l.server.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			return nil
		}
	}
}

// down copies from the server to the child, and listens. The error is why it ended, never nil.
func (l *rtmpLink) down(child net.Conn) error {
	var refused error
	replies := rtmpReplies{on: func(r rtmpReply) {
		if refused == nil {
			refused = l.reply(r)
		}
	}}
	b := make([]byte, linkBuffer)
	for {
		n, err := l.server.Read(b)
		if n > 0 {
			replies.feed(b[:n])
			l.shaken.Store(replies.shaken())
			if refused != nil {
				return refused
			}
			// A child that is gone reads no answers; that is told by its own end.
			_, _ = child.Write(b[:n])
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("closed by the server")
			}
			return err
		}
	}
}

// Transactions of ffmpeg's commands whose refusal ends the publishing; the others are courtesies that many servers do
// not know.
const (
	connectTransaction = 1
	createTransaction  = 4
)

// reply looks at a command of the server's. Its error is that the server does not want the stream.
func (l *rtmpLink) reply(r rtmpReply) error {
	switch {
	case r.Code == "NetStream.Publish.Start":
		l.takenOnce.Do(func() { close(l.taken) })
		return nil
	case r.Name == "_error" && (r.Transaction == connectTransaction || r.Transaction == createTransaction):
	case r.Name == "onStatus" && r.Level == "error":
	default:
		return nil
	}
	said := strings.TrimSpace(r.Code + " " + r.Description)
	if len(said) > 200 {
		said = said[:200]
	}
	fault := FaultRejected
	if l.isTaken() {
		fault = FaultClosed
	}
	return &StreamError{fault, errors.New(l.redact.Redact(said))}
}

func (l *rtmpLink) isTaken() bool {
	select {
	case <-l.taken:
		return true
	default:
		return false
	}
}
