package uploads

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ffegress/ffegress/integration/objects"
)

// once is the patience of a test's store that has a backup.
var once = patience{still: time.Second, once: true}

// meetSilence: a store that has a backup is not waited for twice, whatever it is that it does not answer.
func meetSilence(t *testing.T, hasty Store, front *objects.Server, key string) {
	defer front.Fail(nil)
	for _, size := range []int{10, 5 * testPart} {
		path, _ := fileOf(t, size)
		front.Fail(&objects.Fault{Hang: true})
		begun := time.Now()
		err := hasty.Put(t.Context(), Object{Key: key, File: path})
		if ClassOf(err) != Transient || err == nil || err.Error() != hasty.Name()+" upload failed: the store does not answer" {
			t.Errorf("%d bytes: %v (%v)", size, err, ClassOf(err))
		}
		if took := time.Since(begun); took < once.still || front.Met() < 1 || size == 10 && front.Met() > 1 {
			t.Errorf("%d bytes: %d requests, after %v", size, front.Met(), took)
		}
	}
	// What is no silence is tried again.
	path, _ := fileOf(t, 10)
	front.Fail(&objects.Fault{Status: 503, Code: "SlowDown"})
	if err := hasty.Put(t.Context(), Object{Key: key, File: path}); err == nil || front.Met() != quickTries.attempts {
		t.Errorf("%v, %d requests", err, front.Met())
	}
}

func TestS3Silence(t *testing.T) {
	server := startObjects(t)
	meetSilence(t, openPatient(t, s3Target(server.URL()), once), server, "silent.mp4")
}

// TestSendAhead: what is unsent does not pile up in the kernel.
func TestSendAhead(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	options, err := transportOptions(nil, patient)
	if err != nil {
		t.Fatal(err)
	}
	var transport http.Transport
	options(&transport)
	conn, err := transport.DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*patientConn).Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	var failed error
	if err := raw.Control(func(fd uintptr) {
		got, failed = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT)
	}); err != nil || failed != nil || got != sendAhead {
		t.Errorf("%d, %v, %v", got, err, failed)
	}
}

// TestSilenceOnUsedConnection: what is asked on a connection that was used before meets silence once, too.
func TestSilenceOnUsedConnection(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		var calls atomic.Int32
		done := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if length := r.Header.Get("Content-Length"); r.ContentLength != 0 || length != "" || len(r.TransferEncoding) > 0 {
				t.Errorf("%s has a body: %d, %q, %v", method, r.ContentLength, length, r.TransferEncoding)
			}
			if calls.Add(1) > 1 {
				<-done
			}
		}))
		client, err := plainClient(nil, patience{still: 200 * time.Millisecond, once: true})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 2 {
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(r)
			if err == nil {
				_ = res.Body.Close()
			}
			if wasSilent(err) != (n == 1) {
				t.Errorf("%s %d: %v", method, n, err)
			}
		}
		if n := calls.Load(); n != 2 {
			t.Errorf("%s: %d calls, want 2", method, n)
		}
		close(done)
		client.CloseIdleConnections()
		server.Close()
	}
}

// TestSilenceOfBothDirections: the direction whose connection is closed because the other one met silence tells of it, too.
func TestSilenceOfBothDirections(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dial := func() net.Conn {
		raw, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return newPatientConn(raw, 50*time.Millisecond)
	}
	conn := dial()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	_ = conn.Close()
	if _, err := conn.Write([]byte{1}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write after silence: %v", err)
	}
	conn = dial()
	_ = conn.Close()
	if _, err := conn.Write([]byte{1}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write without silence: %v", err)
	}
}
