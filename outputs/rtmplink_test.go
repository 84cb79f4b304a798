package outputs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
)

// linkTest is a link between a child and a server that the test plays.
type linkTest struct {
	*rtmpLink
	child, server net.Conn
	result        chan error
}

func newLinkTest(t *testing.T) *linkTest {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	u, err := ParseStreamURL("rtmp://" + ln.Addr().String() + "/app/secretkey")
	if err != nil {
		t.Fatal(err)
	}
	conn, tcp, err := dialStream(t.Context(), u, nil)
	if err != nil {
		t.Fatal(err)
	}
	link, err := newRTMPLink(conn, tcp, ffpipe.NewRedactor(u.Secrets()...))
	if err != nil {
		t.Fatal(err)
	}
	l := &linkTest{rtmpLink: link, result: make(chan error, 1)}
	if l.server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	if l.child, err = net.Dial("tcp", link.address()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = l.child.Close(), l.server.Close() })
	go func() { l.result <- link.run(t.Context()) }()
	return l
}

func (l *linkTest) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-l.result:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the link does not end")
		return nil
	}
}

func TestLinkCarries(t *testing.T) {
	l := newLinkTest(t)
	talk := serverTalk(status("status", "NetStream.Publish.Start", ""))
	if _, err := l.server.Write(talk); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(talk))
	if _, err := io.ReadFull(l.child, got); err != nil || !bytes.Equal(got, talk) {
		t.Fatalf("the child got something else: %v", err)
	}
	<-l.taken
	media := bytes.Repeat([]byte("media"), 100_000)
	go func() {
		_, _ = l.child.Write(media)
		_ = l.child.Close()
	}()
	sent, err := io.ReadAll(l.server)
	if err != nil || !bytes.Equal(sent, media) {
		t.Errorf("the server got %d of %d bytes: %v", len(sent), len(media), err)
	}
	_ = l.server.Close()
	if err := l.end(t); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestLinkFaults(t *testing.T) {
	start := serverTalk(status("status", "NetStream.Publish.Start", ""))
	for _, c := range []struct {
		name  string
		talk  []byte
		close bool
		want  StreamFault
		text  string
	}{
		{"refused", serverTalk(result("_error", 1, amfObject("code", "NetConnection.Connect.Rejected", "description", "no app"))), false,
			FaultRejected, "rejected by the server: NetConnection.Connect.Rejected no app"},
		{"bad name", serverTalk(status("error", "NetStream.Publish.BadName", "secretkey is taken")), false,
			FaultRejected, "rejected by the server: NetStream.Publish.BadName [redacted] is taken"},
		{"hung up on", serverTalk(), true, FaultRejected, "rejected by the server: it closed the connection before it took the stream"},
		{"no RTMP", []byte("HTTP/1.1 400\r\n"), true, FaultClosed, "connection lost: closed by the server"},
		{"taken and closed", start, true, FaultClosed, "connection lost: closed by the server"},
		{"taken and refused", append(start[:len(start):len(start)], chunked(3, 20, 4096, status("error", "NetStream.Record.Failed", ""))...), false,
			FaultClosed, "connection lost: NetStream.Record.Failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLinkTest(t)
			if _, err := l.server.Write(c.talk); err != nil {
				t.Fatal(err)
			}
			if c.close {
				// What was said must be read before the end of it is.
				if _, err := io.ReadFull(l.child, make([]byte, len(c.talk))); err != nil {
					t.Fatal(err)
				}
				_ = l.server.Close()
			}
			err := l.end(t)
			if faultOf(err) != c.want || err.Error() != c.text {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestLinkCourtesies: what old commands are answered is no refusal.
func TestLinkCourtesies(t *testing.T) {
	l := newLinkTest(t)
	_, err := l.server.Write(serverTalk(result("_error", 2, amfObject("code", "x")), result("_error", 3, amfObject("code", "y")),
		status("status", "NetStream.Publish.Start", "")))
	if err != nil {
		t.Fatal(err)
	}
	<-l.taken
	_ = l.child.Close()
	_ = l.server.Close()
	if err := l.end(t); err != nil {
		t.Error(err)
	}
}

func TestLinkCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a, b := net.Pipe()
	defer b.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	tcp, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	link, err := newRTMPLink(a, tcp.(*net.TCPConn), nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel() // no child ever comes
	if err := link.run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAckWatch(t *testing.T) {
	var w ackWatch
	at := time.Unix(0, 0)
	for i, c := range []struct {
		after   time.Duration
		waiting bool
		acked   uint64
		stalled bool
	}{
		{0, true, 10, false},
		{5 * time.Second, true, 10, false},
		{999 * time.Millisecond, true, 11, false}, // a sign of life
		{5999 * time.Millisecond, true, 11, false},
		{time.Millisecond, true, 11, true},
		{time.Second, false, 11, false}, // nothing to wait for
		{time.Hour, false, 11, false},
		{5 * time.Second, true, 11, false}, // waits since now at the earliest
		{time.Second, true, 11, true},
	} {
		at = at.Add(c.after)
		if got := w.stalled(at, sendQueue{c.waiting, c.acked}); got != c.stalled {
			t.Errorf("step %d: stalled is %t", i, got)
		}
	}
}

// TestSendQueue: what the kernel says of a server that does not read, and of one that does.
func TestSendQueue(t *testing.T) {
	l := newLinkTest(t)
	payload := make([]byte, 1000)
	if _, err := l.child.Write(payload); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(l.server, payload); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; {
		q, err := queueOf(l.tcp)
		if err != nil || time.Now().After(end) {
			t.Fatalf("%+v: %v", q, err)
		}
		if !q.waiting && q.acked >= 1000 {
			break
		}
	}
	_ = l.child.Close()
	_ = l.server.Close()
	_ = l.end(t)
	if _, err := queueOf(l.tcp); err == nil {
		t.Error("a closed connection has a queue")
	}
}

func TestStreamRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Each try fails at once.
		r := streamRetry{window: 30 * time.Second, random: func() float64 { return 1 }}
		begin, waits := time.Now(), []time.Duration(nil)
		for {
			now := time.Now()
			wait, ok := r.next(now, now, 0)
			if !ok {
				break
			}
			waits = append(waits, wait)
			time.Sleep(wait)
		}
		if took := time.Since(begin); took > 30*time.Second || took < 26*time.Second {
			t.Errorf("given up after %v, waited %v", took, waits)
		}
		for i, want := range []time.Duration{500, 1000, 2000, 4000, 4000} {
			if waits[i] != want*time.Millisecond {
				t.Errorf("wait %d is %v", i, waits[i])
			}
		}
		// A server that takes the stream and closes is not tried for ever.
		now := time.Now()
		if _, ok := r.next(now, now.Add(-time.Second), time.Second); ok {
			t.Error("tried again without progress")
		}
		// After progress the window begins anew, and the next try is at once.
		if wait, ok := r.next(now, now.Add(-time.Minute), time.Minute); !ok || wait != 0 {
			t.Errorf("after progress: %v, %t", wait, ok)
		}
		// A try that took long is followed at once.
		if wait, ok := r.next(now, now.Add(-dialTimeout), 0); !ok || wait != 0 {
			t.Errorf("after a long try: %v, %t", wait, ok)
		}
	})
	// Jitter shortens, and never lengthens.
	r := streamRetry{window: time.Hour}
	now := time.Now()
	for i := range 1000 {
		if wait, _ := r.next(now, now, 0); wait > retryCap || i > 4 && wait < retryCap/2 {
			t.Fatalf("wait %d is %v", i, wait)
		}
	}
}
