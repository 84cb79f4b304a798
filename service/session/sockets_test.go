package session

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

// ear is a WebSocket server that counts what it hears, in bytes. With refuse it takes nobody.
func ear(t *testing.T, refuse bool) (url string, heard *atomic.Int64) {
	t.Helper()
	heard = &atomic.Int64{}
	up := websocket.Upgrader{}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if refuse {
			http.Error(rw, "no", http.StatusForbidden)
			return
		}
		conn, err := up.Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			heard.Add(int64(len(data)))
		}
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http") + "/in?token=hush", heard
}

// heardBy is a session that sends its sound to the urls.
func heardBy(t *testing.T, urls ...string) *testRun {
	return startTest(t, t.Context(), func(p *plan.Plan, _ *fakeSource) {
		p.Format.Video, p.Encoder.Video = false, false
		p.Streams = plan.Streams{Protocol: outputs.PCM}
		p.File, p.Info.FileResults = plan.File{}, nil
		for _, raw := range urls {
			u, err := outputs.ParseStreamURL(raw)
			if err != nil {
				t.Fatal(err)
			}
			p.Streams.URLs = append(p.Streams.URLs, u)
			p.Info.StreamResults = append(p.Info.StreamResults, &livekit.StreamInfo{Url: u.String()})
		}
	})
}

// TestSocketsOfProgramme: each WebSocket hears the programme; UpdateStream knows none of them.
func TestSocketsOfProgramme(t *testing.T) {
	one, heardOne := ear(t, false)
	two, heardTwo := ear(t, false)
	r := heardBy(t, one, two)
	r.sees(t, "both start", func(i *livekit.EgressInfo) bool {
		return len(i.StreamResults) == 2 && i.StreamResults[0].StartedAt > 0 && i.StreamResults[1].StartedAt > 0
	})
	var typed psrpc.Error
	if _, err := r.UpdateStream(t.Context(), []string{one}, nil); !errors.As(err, &typed) || typed.Code() != psrpc.InvalidArgument ||
		!strings.Contains(err.Error(), "UpdateStream called on non-streaming egress") {
		t.Errorf("UpdateStream: %v", err)
	}
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	if final.Status != stComplete || final.Error != "" || final.Details != "End reason: StopEgress API" {
		t.Errorf("%v", final)
	}
	for _, s := range final.StreamResults {
		if s.Status != streamFinished || s.Duration <= 0 || s.Error != "" {
			t.Errorf("stream %v", s)
		}
	}
	same := func() bool { a, b := heardOne.Load(), heardTwo.Load(); return a > 0 && a == b && a%4 == 0 }
	poll, deadline := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer poll.Stop()
	for !same() { // what was sent last is being read
		select {
		case <-deadline:
			t.Fatalf("heard %d and %d bytes", heardOne.Load(), heardTwo.Load())
		case <-poll.C:
		}
	}
	if strings.Contains(final.String(), "hush") {
		t.Errorf("the secret is told: %v", final)
	}
}

// TestSocketRefused: an egress whose WebSocket is refused fails before it begins.
func TestSocketRefused(t *testing.T) {
	good, _ := ear(t, false)
	bad, _ := ear(t, true)
	final := heardBy(t, good, bad).wait(t)
	if final.Status != stFailed || final.ErrorCode != http.StatusBadRequest || strings.Contains(final.Error, "hush") ||
		!strings.Contains(final.Error, "bad handshake") || strings.Contains(final.Error, "ffmpeg") {
		t.Errorf("%v", final)
	}
}
