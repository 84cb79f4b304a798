package outputs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// WebSocket sends sound as it comes: s16le, 48 kHz, stereo, a binary frame each 10 ms. Where there is no sound, silence
// keeps the time; what a lost connection did not take is left out.
type WebSocket struct {
	URL string // with its secrets, which are never told
	// Window is how long connecting may take, and each reconnecting; 0 = 30 s.
	Window time.Duration
	Log    *slog.Logger // nil discards

	mu    sync.Mutex
	ring  *pcmRing
	base  time.Time // when position 0 is sent; zero = nothing came yet
	muted bool
	sent  int64

	signal chan struct{} // muted has changed
	quit   chan struct{}
	once   sync.Once
	ended  chan struct{} // the goroutine is gone
	failed chan struct{} // closed before ended when err is set
	err    error
}

var _ Output = (*WebSocket)(nil)

const (
	pcmRate = 48000
	// frameLength is how much sound a frame has; frameDelay is how long sound may be on its way to us.
	frameLength = 10 * time.Millisecond
	frameDelay  = 100 * time.Millisecond
	pcmAhead    = 2 * pcmRate // samples that may wait for their time

	socketWindow    = 30 * time.Second
	socketRetry     = 300 * time.Millisecond
	socketRetryMost = 4 * time.Second
	// socketStall is how long a write may take: then the server does not read any more.
	socketStall = 5 * time.Second
	socketPing  = 30 * time.Second
	dialWait    = 10 * time.Second
)

// Start connects. A server that answers and does not want us, or a certificate that is not trusted, fails at once;
// anything else is tried again within the window.
func (w *WebSocket) Start(ctx context.Context) error {
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	if w.Window == 0 {
		w.Window = socketWindow
	}
	w.ring = newPCMRing(pcmAhead)
	w.signal, w.quit = make(chan struct{}, 1), make(chan struct{})
	w.ended, w.failed = make(chan struct{}), make(chan struct{})
	conn, err := w.connect(ctx, true)
	if err != nil {
		return err
	}
	go w.run(conn)
	return nil
}

// Begin changes nothing: the time begins with the first sound.
func (w *WebSocket) Begin(time.Time) {}

// Write takes sound for a position, in samples from the beginning.
func (w *WebSocket) Write(at int64, pcm []int16) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.base.IsZero() {
		w.base = time.Now().Add(frameDelay - programme.Timeline{}.SampleTime(at))
		w.ring.next = max(at, 0) // a decoder's delay may put the first sound before the beginning
	}
	w.ring.write(at, pcm)
}

// Muted tells the other side.
func (w *WebSocket) Muted(muted bool) {
	w.mu.Lock()
	w.muted = muted
	w.mu.Unlock()
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// Done closes when the connection is lost for good.
func (w *WebSocket) Done() <-chan struct{} { return w.failed }

// Progress is how much was sent.
func (w *WebSocket) Progress() Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Result{Size: w.sent, Duration: programme.Timeline{}.SampleTime(w.sent / 4)}
}

// Finish says good-bye.
func (w *WebSocket) Finish(context.Context) (Result, error) {
	w.once.Do(func() { close(w.quit) })
	<-w.ended
	return w.Progress(), w.err
}

// run sends until Finish, reconnecting where it must.
func (w *WebSocket) run(conn *websocket.Conn) {
	defer close(w.ended)
	for {
		err := w.serve(conn)
		conn.Close()
		if err == nil {
			return
		}
		w.Log.Warn("websocket is lost, it is connected again", "error", err)
		ctx, cancel := context.WithCancel(context.Background())
		stop := make(chan struct{})
		go func() {
			select {
			case <-w.quit:
				cancel()
			case <-stop:
			}
		}()
		conn, err = w.connect(ctx, false)
		close(stop)
		cancel()
		select {
		case <-w.quit:
			if conn != nil {
				conn.Close()
			}
			return
		default:
		}
		if err != nil {
			w.err = err
			close(w.failed)
			return
		}
	}
}

// connect tries within the window. first makes an answer that is a refusal final.
func (w *WebSocket) connect(ctx context.Context, first bool) (*websocket.Conn, error) {
	deadline := time.Now().Add(w.Window)
	dialer := websocket.Dialer{HandshakeTimeout: dialWait}
	for wait := socketRetry; ; wait = min(2*wait, socketRetryMost) {
		conn, _, err := dialer.DialContext(ctx, w.URL, http.Header{"Content-Type": {"audio/x-raw"}})
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var certificate *tls.CertificateVerificationError
		if final := errors.Is(err, websocket.ErrBadHandshake) || errors.As(err, &certificate); first && final || time.Now().Add(wait).After(deadline) {
			return nil, fmt.Errorf("websocket: %w", err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// serve sends what is due on one connection. It returns nil after Finish.
func (w *WebSocket) serve(conn *websocket.Conn) error {
	lost := make(chan error, 1)
	go func() {
		for { // what comes is ignored, but for pings and closing
			if _, _, err := conn.NextReader(); err != nil {
				lost <- err
				return
			}
		}
	}()
	frames, pings := time.NewTicker(frameLength), time.NewTicker(socketPing)
	defer frames.Stop()
	defer pings.Stop()
	told := false // a connection begins as not muted
	if err := w.tell(conn, &told); err != nil {
		return err
	}
	w.catchUp(time.Now())
	for {
		var err error
		select {
		case <-frames.C:
			err = w.send(conn, time.Now())
		case <-w.signal:
			err = w.tell(conn, &told)
		case <-pings.C:
			err = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(socketStall))
		case err = <-lost:
		case <-w.quit:
			_ = conn.WriteControl(websocket.CloseMessage, nil, time.Now().Add(socketStall))
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// due is the position up to which sound should have been sent. Called locked.
func (w *WebSocket) due(now time.Time) int64 {
	if w.base.IsZero() {
		return w.ring.next
	}
	return programme.Timeline{}.SampleAt(now.Sub(w.base))
}

// catchUp leaves out what a connection that was not there did not take.
func (w *WebSocket) catchUp(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ring.skip(w.due(now))
}

// send writes the frames that are due.
func (w *WebSocket) send(conn *websocket.Conn, now time.Time) error {
	const samples = int64(frameLength) * pcmRate / int64(time.Second)
	for {
		w.mu.Lock()
		if w.base.IsZero() || w.due(now)-w.ring.next < samples {
			w.mu.Unlock()
			return nil
		}
		frame := w.ring.read(make([]byte, 0, 4*samples), int(samples))
		w.mu.Unlock()
		_ = conn.SetWriteDeadline(time.Now().Add(socketStall))
		if err := conn.WriteMessage(websocket.BinaryMessage, frame); err != nil {
			return err
		}
		w.mu.Lock()
		w.sent += int64(len(frame))
		w.mu.Unlock()
	}
}

// tell says whether the track is muted, if that is news.
func (w *WebSocket) tell(conn *websocket.Conn, told *bool) error {
	w.mu.Lock()
	muted := w.muted
	w.mu.Unlock()
	if muted == *told {
		return nil
	}
	*told = muted
	text := fmt.Sprintf(`{"muted":%t}`, muted)
	_ = conn.SetWriteDeadline(time.Now().Add(socketStall))
	return conn.WriteMessage(websocket.TextMessage, []byte(text))
}
