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
	misspelt := filepath.Join(dir, "misspelt.json")
	if err := os.WriteFile(misspelt, []byte(`{"room_nam": "demo"}`), 0o600); err != nil {
		t.Fatal(err)
	}
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
		{"no room", []string{"record", "room", "-o", "x.mp4"}, exitError, []string{"token or api key/secret"}},
		{"no url", []string{"record", "web", "-o", "x.mp4"}, exitError, []string{"url"}},
		{"file url", []string{"record", "web", "--url", "file:///etc/passwd", "-o", "x.mp4"}, exitError, []string{"web url"}},
		{"no output", []string{"record", "web", "--url", "http://127.0.0.1:1/"}, exitError, []string{"output"}},
		{"preset", []string{"record", "web", "--url", "http://127.0.0.1:1/", "-o", "x.mp4", "--preset", "H264_4K"}, exitError, []string{"preset"}},
		{"misspelt field", []string{"record", "room", misspelt, "-o", "x.mp4"}, exitError, []string{"room_nam"}},
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
