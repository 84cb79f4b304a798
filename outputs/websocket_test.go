package outputs

import (
	"context"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// listener is a WebSocket server that keeps what it hears.
type listener struct {
	*httptest.Server
	mu     sync.Mutex
	heads  []http.Header
	pcm    []int16
	texts  []string
	closes int
	conns  []*websocket.Conn
	news   chan struct{} // something has come
}

func listen(t *testing.T, refuse int) *listener {
	l := &listener{news: make(chan struct{}, 1000)}
	up := websocket.Upgrader{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if refuse != 0 {
			http.Error(rw, "no", refuse)
			return
		}
		conn, err := up.Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		l.mu.Lock()
		l.heads, l.conns = append(l.heads, r.Header), append(l.conns, conn)
		l.mu.Unlock()
		for {
			kind, data, err := conn.ReadMessage()
			l.mu.Lock()
			switch {
			case err != nil:
				if websocket.IsCloseError(err, websocket.CloseNoStatusReceived) {
					l.closes++
				}
			case kind == websocket.TextMessage:
				l.texts = append(l.texts, string(data))
			default:
				for i := 0; i+1 < len(data); i += 2 {
					l.pcm = append(l.pcm, int16(binary.LittleEndian.Uint16(data[i:])))
				}
			}
			l.mu.Unlock()
			l.news <- struct{}{}
			if err != nil {
				return
			}
		}
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) url() string { return "ws" + strings.TrimPrefix(l.URL, "http") + "/in?token=hush" }

// until waits for a condition of what was heard.
func (l *listener) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		held := ok()
		l.mu.Unlock()
		if held {
			return
		}
		select {
		case <-l.news:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

func socket(t *testing.T, l *listener) *WebSocket {
	w := &WebSocket{URL: l.url(), Window: 5 * time.Second}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// ramp is sound whose left channel counts from at on.
func ramp(at, n int64) (pcm []int16) {
	for i := at; i < at+n; i++ {
		pcm = append(pcm, int16(i%30000)+1, -1)
	}
	return pcm
}

func TestWebSocketKeepsTheTime(t *testing.T) {
	l := listen(t, 0)
	w := socket(t, l)
	w.Write(-100, make([]int16, 200)) // what is before the beginning is not heard
	w.Write(0, ramp(0, 960))
	w.Write(1920, ramp(1920, 960)) // with a gap before it
	w.Muted(true)
	l.until(t, "half a second of sound", func() bool { return len(l.pcm) >= 2*24000 })
	made, err := w.Finish(context.Background())
	if err != nil || made.Duration < 500*time.Millisecond || made.Size != int64(len(l.pcm)*2) && made.Size < 4*24000 {
		t.Errorf("%+v, %v", made, err)
	}
	l.until(t, "a close frame", func() bool { return l.closes == 1 })
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range int64(24000) {
		want := int16(0)
		if i < 960 || i >= 1920 && i < 2880 {
			want = int16(i%30000) + 1
		}
		if l.pcm[2*i] != want {
			t.Fatalf("sample %d is %d, want %d", i, l.pcm[2*i], want)
		}
	}
	if got := l.heads[0].Get("Content-Type"); got != "audio/x-raw" {
		t.Errorf("content type %q", got)
	}
	if len(l.texts) != 1 || l.texts[0] != `{"muted":true}` {
		t.Errorf("texts %q", l.texts)
	}
}

func TestWebSocketReconnects(t *testing.T) {
	l := listen(t, 0)
	w := socket(t, l)
	w.Write(0, ramp(0, 960))
	w.Muted(true)
	l.until(t, "sound", func() bool { return len(l.pcm) > 0 && len(l.texts) == 1 })
	l.mu.Lock()
	l.conns[0].Close()
	before := len(l.pcm)
	l.mu.Unlock()
	l.until(t, "more sound", func() bool { return len(l.conns) == 2 && len(l.pcm) > before+2*4800 && len(l.texts) == 2 })
	if _, err := w.Finish(context.Background()); err != nil {
		t.Error(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.texts[1] != `{"muted":true}` {
		t.Errorf("texts %q", l.texts)
	}
	if st := w.State(); st.Retries != 1 || st.LastRetry.IsZero() {
		t.Errorf("%+v", st)
	}
}

func TestWebSocketRefused(t *testing.T) {
	l := listen(t, http.StatusForbidden)
	begun := time.Now()
	err := (&WebSocket{URL: l.url(), Window: time.Minute}).Start(t.Context())
	if err == nil || strings.Contains(err.Error(), "hush") || time.Since(begun) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

func TestWebSocketLostForGood(t *testing.T) {
	l := listen(t, 0)
	w := socket(t, l)
	w.Window = 400 * time.Millisecond
	w.Write(0, ramp(0, 960))
	l.until(t, "sound", func() bool { return len(l.pcm) > 0 })
	l.Listener.Close() // first, or it may be connected again
	l.CloseClientConnections()
	l.mu.Lock()
	l.conns[0].Close()
	l.mu.Unlock()
	select {
	case <-w.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("goes on")
	}
	if _, err := w.Finish(context.Background()); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
}

// soundtrack is a programme of sound that a test plays.
type soundtrack struct{ programme.Consumer }

func (s *soundtrack) Attach(c programme.Consumer) { s.Consumer = c }

// TestWebSocketOfProgramme: everything that the programme emits arrives, in whatever bursts it comes, to its last sample.
func TestWebSocketOfProgramme(t *testing.T) {
	l := listen(t, 0)
	track := &soundtrack{}
	changes := make(chan struct{}, 100)
	w := &WebSocket{URL: l.url(), Programme: track, Changed: func() { changes <- struct{}{} }}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := w.State(); !st.Started.IsZero() || st.Sending {
		t.Errorf("%+v before any sound", st)
	}
	at := int64(0)
	emit := func(blocks int) {
		for range blocks {
			track.AudioBlock(at, ramp(at, 960))
			at += 960
		}
	}
	emit(1)
	l.until(t, "the first block", func() bool { return len(l.pcm) >= 2*960 })
	<-changes
	if st := w.State(); st.Started.IsZero() || !st.Sending {
		t.Errorf("%+v after some sound", st)
	}
	emit(40) // late, and all at once
	l.until(t, "all blocks", func() bool { return len(l.pcm) >= 2*int(at) })
	emit(1)
	track.AudioBlock(at, ramp(at, 100)) // less than a frame
	at += 100
	track.End(0, at)
	made, err := w.Finish(context.Background())
	if err != nil || made.Size != 4*at {
		t.Errorf("%+v, %v", made, err)
	}
	l.until(t, "a close frame", func() bool { return l.closes == 1 })
	if st := w.State(); st.Ended.IsZero() || st.Err != nil || st.Retries != 0 {
		t.Errorf("%+v at the end", st)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if int64(len(l.pcm)) != 2*at {
		t.Fatalf("%d samples arrived, %d were sent", len(l.pcm)/2, at)
	}
	for i := range at {
		if l.pcm[2*i] != int16(i%30000)+1 {
			t.Fatalf("sample %d is %d", i, l.pcm[2*i])
		}
	}
}

func TestPCMRing(t *testing.T) {
	r := newPCMRing(8)
	r.next = 5
	r.write(3, []int16{1, 1, 2, 2, 3, 3, 4, 4}) // 5 and 6 are in time
	r.write(12, []int16{9, 9, 8, 8})            // 13 is too far ahead
	got := r.read(nil, 8)
	want := []int16{3, 3, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9}
	for i, v := range want {
		if g := int16(binary.LittleEndian.Uint16(got[2*i:])); g != v {
			t.Errorf("value %d is %d, want %d", i, g, v)
		}
	}
	r.write(13, []int16{7, 7})
	r.skip(14)
	r.skip(100)
	for _, b := range r.read(nil, 8) {
		if b != 0 {
			t.Error("old sound comes back")
		}
	}
	if r.next != 108 {
		t.Errorf("next is %d", r.next)
	}
}
