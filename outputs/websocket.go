package outputs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// WebSocket sends sound as it comes: s16le, 48 kHz, stereo, a binary frame each 10 ms. Where there is no sound, silence
// keeps the time; what a lost connection did not take is left out.
type WebSocket struct {
	URL string // with its secrets, which are never told
	// Programme is where the sound comes from; it has no holes and keeps the time, and is sent without another delay.
	// nil = it is given to Write, and sent 100 ms after it came.
	Programme Soundtrack
	// Window is how long connecting may take, and each reconnecting; 0 = 30 s.
	Window time.Duration
	// Changed is called when State has changed, from any goroutine; it must not block. nil = nobody wants to know.
	Changed func()
	Log     *slog.Logger // nil discards

	mu    sync.Mutex
	ring  *pcmRing
	base  time.Time // when position 0 is sent; zero = nothing came yet
	end   int64     // of what came
	muted bool
	sent  int64
	state StreamState

	signal chan struct{} // muted has changed
	quit   chan struct{}
	once   sync.Once
	ended  chan struct{} // the goroutine is gone
	failed chan struct{} // closed before ended when it failed by itself
}

// Soundtrack is where sound comes from: the programme.
type Soundtrack interface{ Attach(programme.Consumer) }

var _ Output = (*WebSocket)(nil)

const (
	pcmRate = 48000
	// frameLength is how much sound a frame has; frameDelay is how long sound may be on its way to us.
	frameLength = 10 * time.Millisecond
	frameDelay  = 100 * time.Millisecond
	pcmAhead    = 2 * pcmRate // samples that may wait for their time
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
	if w.Programme != nil {
		w.Programme.Attach(earpiece{w})
	}
	go func() {
		defer close(w.ended)
		err := w.run(conn)
		w.change(func(st *StreamState) { st.Sending, st.Err, st.Ended = false, err, time.Now() })
		if err != nil {
			close(w.failed)
		}
	}()
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
	w.end = max(w.end, at+int64(len(pcm)/programme.Channels))
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

// PID is 0: no child sends.
func (w *WebSocket) PID() int { return 0 }

// State is how the stream stands now: started with the first sound that was sent.
func (w *WebSocket) State() StreamState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

func (w *WebSocket) change(f func(*StreamState)) {
	w.mu.Lock()
	f(&w.state)
	w.mu.Unlock()
	if w.Changed != nil {
		w.Changed()
	}
}

// Progress is how much was sent.
func (w *WebSocket) Progress() Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Result{Size: w.sent, Duration: programme.Timeline{}.SampleTime(w.sent / 4)}
}

// Finish sends what has come and says good-bye. Its error is why the connection was given up.
func (w *WebSocket) Finish(context.Context) (Result, error) {
	w.once.Do(func() { close(w.quit) })
	<-w.ended
	return w.Progress(), w.State().Err
}

// run sends until Finish, reconnecting where it must. Its error is that the connection is lost for good.
func (w *WebSocket) run(conn *websocket.Conn) error {
	for {
		err := w.serve(conn)
		conn.Close()
		if err == nil {
			return nil
		}
		w.Log.Warn("websocket is lost, it is connected again", "error", err)
		w.change(func(st *StreamState) { st.Sending, st.Retries, st.LastRetry = false, st.Retries+1, time.Now() })
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
			return nil
		default:
		}
		if err != nil {
			return err
		}
		w.catchUp(time.Now())
	}
}

// earpiece hears a programme for a WebSocket.
type earpiece struct{ w *WebSocket }

func (e earpiece) VideoFrame(int64, *programme.Frame, bool) {}

func (e earpiece) AudioBlock(at int64, pcm []int16) { e.w.Write(at, pcm) }

func (e earpiece) End(int64, int64) {}
