package service

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/service/session"
)

// TestControlRefuses has each request that the control port does not serve. What a pause does is session's to test.
func TestControlRefuses(t *testing.T) {
	ended := func(p *plan.Plan) *session.Session {
		p.Info, p.WorkDir = &livekit.EgressInfo{}, t.TempDir()
		return session.New(p, session.Options{OnUpdate: func(*livekit.EgressInfo) {}, Log: slog.New(slog.DiscardHandler)})
	}
	sessions := map[string]*session.Session{
		"EG_track":  ended(&plan.Plan{Passthrough: true}),
		"EG_stream": ended(&plan.Plan{Streams: plan.Streams{Protocol: outputs.RTMP}}),
		"EG_socket": ended(&plan.Plan{Streams: plan.Streams{Protocol: outputs.PCM}}),
	}
	s := httptest.NewServer(controlHandler(func(id string) (*session.Session, bool) {
		run, ok := sessions[id]
		return run, ok
	}))
	defer s.Close()
	for _, c := range []struct {
		name, method, path string
		change             func(*http.Request)
		code               int
		says               string
	}{
		{"nobody", "POST", "/egress/EG_none/pause", nil, 404, "egress not found"},
		{"nobody", "POST", "/egress/EG_none/resume", nil, 404, "egress not found"},
		{"GET", "GET", "/egress/EG_track/pause", nil, 405, ""},
		{"mode", "POST", "/egress/EG_stream/pause?mode=black", nil, 400, "mode must be slate or cut"},
		{"track", "POST", "/egress/EG_track/pause", nil, 400, "a track that is recorded as it comes cannot be paused"},
		{"cut of a stream", "POST", "/egress/EG_stream/pause?mode=cut", nil, 400, "an egress with streams cannot be cut"},
		{"cut of a WebSocket", "POST", "/egress/EG_socket/pause?mode=cut", nil, 400, "an egress with streams cannot be cut"},
		{"page", "POST", "/egress/EG_track/resume", func(r *http.Request) { r.Header.Set("Origin", "https://example.com") }, 403, "pages may not"},
		{"page", "POST", "/egress/EG_track/resume", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 403, "pages may not"},
		{"rebound name", "POST", "/egress/EG_track/resume", func(r *http.Request) { r.Host = "evil.example:80" }, 403, "pages may not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(r)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != c.code {
				t.Fatalf("%d, %v: %s", answer.StatusCode, err, body)
			}
			if c.says == "" {
				return
			}
			var told controlled
			if err := json.Unmarshal(body, &told); err != nil || !strings.Contains(told.Error, c.says) {
				t.Errorf("%v: %s", err, body)
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestControlFromHere(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:7000": true, "localhost:7000": true, "[::1]:7000": true, "127.0.0.1": true,
		"localhost.example:7000": false, "10.0.0.1:7000": false, "": false,
	} {
		if got := fromHere(&http.Request{Host: host}); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}
