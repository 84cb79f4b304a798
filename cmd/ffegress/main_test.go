package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/livekit/protocol/livekit"
)

// TestBadCommandLines asks for the exit code and for the words that name the cause.
func TestBadCommandLines(t *testing.T) {
	for _, name := range []string{"EGRESS_CONFIG_FILE", "EGRESS_CONFIG_BODY", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "LIVEKIT_WS_URL"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XDG_STATE_HOME", dir)
	file := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	misspelt := file("misspelt.json", `{"room_nam": "demo"}`)
	for _, c := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"no configuration", nil, exitError, []string{"missing config"}},
		{"no redis", []string{"--config-body", "api_key: a"}, exitError, []string{"redis is not configured"}},
		{"redis away", []string{"--config-body", "redis: {address: '127.0.0.1:1'}"}, exitError, []string{"unable to connect to redis"}},
		{"config file missing", []string{"serve", "--config", "nowhere.yaml"}, exitError, []string{"nowhere.yaml"}},
		{"check without configuration", []string{"check", "--timeout", "30s"}, exitError, []string{"FAIL  config         missing config. Remedy: ", "checks failed"}},
		{"no room", []string{"record", "room", "-o", "x.mp4"}, exitError, []string{"token or api key/secret"}},
		{"pause", []string{"record", "web", "--url", "http://127.0.0.1:1/", "-o", "x.mp4", "--pause", "black"}, exitError, []string{"--pause: want slate or cut"}},
		{"cut of a stream", []string{"record", "web", "--url", "http://127.0.0.1:1/", "--stream", "rtmp://127.0.0.1:1/a/k", "--pause", "cut"}, exitError, []string{"an egress with streams cannot be cut"}},
		{"no url", []string{"record", "web", "-o", "x.mp4"}, exitError, []string{"url"}},
		{"file url", []string{"record", "web", "--url", "file:///etc/passwd", "-o", "x.mp4"}, exitError, []string{"web url"}},
		{"no output", []string{"record", "web", "--url", "http://127.0.0.1:1/"}, exitError, []string{"output"}},
		{"preset", []string{"record", "web", "--url", "http://127.0.0.1:1/", "-o", "x.mp4", "--preset", "H264_4K"}, exitError, []string{"preset"}},
		{"misspelt field", []string{"record", "room", misspelt, "-o", "x.mp4"}, exitError, []string{"room_nam"}},
		{"two requests", []string{"record", "room", misspelt, misspelt}, exitError, []string{"one request file at most"}},
		{"request missing", []string{"record", "room", "nowhere.json"}, exitError, []string{"nowhere.json"}},
		{"request is no JSON", []string{"record", "web", file("text.json", "url: x")}, exitError, []string{"text.json", "invalid character"}},
		{"request is null", []string{"record", "web", file("null.json", "null"), "-o", "x.mp4"}, exitError, []string{"null.json: not an object"}},
		{"request is a list", []string{"record", "egress", file("list.json", "[]")}, exitError, []string{"list.json"}},
		{"v1 request as v2", []string{"record", "egress", file("v1.json", `{"url": "http://127.0.0.1:1/"}`), "-o", "x.mp4"}, exitError, []string{`unknown field "url"`}},
		{"v2 without source", []string{"record", "egress", "--room", "demo", "-o", "x.mp4"}, exitError, []string{"missing or invalid field: source"}},
		{"v2 without output", []string{"record", "egress", file("v2.json", `{"web": {"url": "http://127.0.0.1:1/"}}`)}, exitError, []string{"missing or invalid field: output"}},
		{"v2 of media", []string{"record", "egress", file("media.json", `{"roomName": "demo", "media": {"videoTrackId": "TR_x"}}`), "-o", "x.mp4", "--file-type", "OGG",
			"--api-key", "k", "--ws-url", "ws://127.0.0.1:1", "--config-body", "api_secret: s"}, exitError, []string{"no supported codec"}},
		{"participant without identity", []string{"record", "participant", "--room", "demo", "-o", "x.mp4"}, exitError, []string{"missing or invalid field: identity"}},
		{"track composite of nothing", []string{"record", "track-composite", "--room", "demo", "-o", "x.mp4"}, exitError, []string{"audio_track_id or video_track_id"}},
		{"unwritable", []string{"record", "web", "--url", "http://127.0.0.1:1/", "-o", "/proc/nowhere/x.mp4"}, exitError, []string{"/proc/nowhere"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			app := newApp()
			app.Writer, app.ErrWriter = &out, &out
			code := exitCode(&out, app.Run(context.Background(), append([]string{"ffegress"}, c.args...)))
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("says %q, want %q in it", out.String(), want)
				}
			}
			if _, err := os.Stat("x.mp4"); err == nil {
				t.Error("a file was made")
			}
		})
	}
}

func TestOutcomes(t *testing.T) {
	for status, code := range map[livekit.EgressStatus]int{
		livekit.EgressStatus_EGRESS_COMPLETE:      exitOK,
		livekit.EgressStatus_EGRESS_LIMIT_REACHED: exitOK,
		livekit.EgressStatus_EGRESS_ABORTED:       exitAborted,
		livekit.EgressStatus_EGRESS_FAILED:        exitFailed,
	} {
		if got := exitCode(&bytes.Buffer{}, outcome(&livekit.EgressInfo{Status: status})); got != code {
			t.Errorf("%v: exit code %d, want %d", status, got, code)
		}
	}
}
