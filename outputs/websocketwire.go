package outputs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

const (
	socketWindow    = 30 * time.Second
	socketRetry     = 300 * time.Millisecond
	socketRetryMost = 4 * time.Second
	// socketStall is how long a write may take: then the server does not read any more.
	socketStall = 5 * time.Second
	socketPing  = 30 * time.Second
	dialWait    = 10 * time.Second
)

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
	for {
		var err error
		select {
		case <-frames.C:
			err = w.send(conn, w.until(time.Now()), frameSamples)
		case <-w.signal:
			err = w.tell(conn, &told)
		case <-pings.C:
			err = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(socketStall))
		case err = <-lost:
		case <-w.quit:
			if err := w.send(conn, w.heard(), 1); err != nil {
				w.Log.Warn("websocket did not take the last of the sound", "error", err)
			}
			_ = conn.WriteControl(websocket.CloseMessage, nil, time.Now().Add(socketStall))
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// frameSamples are in a frame.
const frameSamples = int64(frameLength) * pcmRate / int64(time.Second)

// heard is the end of what has come.
func (w *WebSocket) heard() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end
}

// until is the position up to which sound should have been sent.
func (w *WebSocket) until(now time.Time) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.due(now)
}

// due is called locked.
func (w *WebSocket) due(now time.Time) int64 {
	switch {
	case w.base.IsZero():
		return w.ring.next
	case w.Programme != nil:
		return w.end
	}
	return programme.Timeline{}.SampleAt(now.Sub(w.base))
}

// catchUp leaves out what a connection that was not there did not take.
func (w *WebSocket) catchUp(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ring.skip(w.due(now))
}

// send writes frames up to a position; what is less than least samples waits.
func (w *WebSocket) send(conn *websocket.Conn, to, least int64) error {
	deadline := time.Now().Add(socketStall)
	for {
		w.mu.Lock()
		n := min(frameSamples, to-w.ring.next)
		if n < least {
			w.mu.Unlock()
			return nil
		}
		frame := w.ring.read(make([]byte, 0, 4*frameSamples), int(n))
		w.mu.Unlock()
		_ = conn.SetWriteDeadline(deadline)
		if err := conn.WriteMessage(websocket.BinaryMessage, frame); err != nil {
			return err
		}
		w.mu.Lock()
		w.sent += int64(len(frame))
		sending := w.state.Sending
		w.mu.Unlock()
		if !sending {
			w.taken()
		}
	}
}

// taken notes that the server takes the sound.
func (w *WebSocket) taken() {
	now := time.Now()
	w.change(func(st *StreamState) {
		st.Sending = true
		if st.Started.IsZero() {
			st.Started = now
		}
	})
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
