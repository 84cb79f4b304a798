package matrix

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// seed is the configuration of LiveKit Egress' first integration tests, as its README has it.
const seed = `log_level: debug
gst_debug: 1
api_key: your-api-key
api_secret: your-api-secret
ws_url: wss://your-livekit-url.com
redis:
  address: 192.168.65.2:6379
local_directory: /out/output
room_name: your-room
room_only: false
web_only: false
track_composite_only: false
track_only: false
file_only: false
stream_only: false
segments_only: false
muting: false
`

func TestParse(t *testing.T) {
	c, err := Parse([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	if c.Room != "your-room" || c.http() != "https://your-livekit-url.com" || len(c.sources()) != 4 || len(c.outputs()) != 3 {
		t.Errorf("%+v", c)
	}
	for _, key := range ours {
		if _, there := c.service[key]; there {
			t.Errorf("ffegress is given %s", key)
		}
	}
	if c.service["log_level"] != "debug" || c.service["api_secret"] != "your-api-secret" || c.service["local_directory"] != "/out/output" {
		t.Errorf("ffegress is given %v", c.service)
	}
	some, err := Parse([]byte(seed[:len(seed)-len("muting: false\n")] + "muting: true"))
	if err != nil || !some.Muting {
		t.Errorf("muting: %v, %v", some, err)
	}
	some.TrackOnly, some.WebOnly, some.SegmentsOnly = true, true, true
	if got := append(some.sources(), some.outputs()...); !slices.Equal(got, []string{web, track, segments}) {
		t.Errorf("chosen: %v", got)
	}
	t.Setenv("LIVEKIT_WS_URL", "")
	for _, bad := range []string{"", "[]", "room_name: r\napi_key: k\napi_secret: s\nredis: {address: a}", "room_name: r\napi_key: k\napi_secret: s\nws_url: ws://a", "room_name: r\napi_key: k\napi_secret: s\nredis: {}\nws_url: ftp://a"} {
		if c, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q was taken: %+v", bad, c)
		}
	}
}

// TestTracks records the tracks of a room on a server that runs already, muted in between.
func TestTracks(t *testing.T) {
	cache, err := rig.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(cache, "matrix"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(filepath.Join(cache, "matrix"), "test-")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := rig.Start(t.Context(), rig.Options{Dir: dir, ServersOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = theirs.Close() }()
	body, err := yaml.Marshal(map[string]any{
		"api_key": rig.APIKey, "api_secret": rig.APISecret, "ws_url": theirs.LiveKit.WS(), "redis": theirs.Redis.Keys,
		"work_dir": filepath.Join(dir, "work"), "browser_pool": 0, "template_port": freePort(t),
		"room_name": "theirs", "track_only": true, "track_composite_only": true, "file_only": true, "muting": true,
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	own := filepath.Join(dir, "own")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	held, err := Run(t.Context(), c, own, 4*time.Second, func(name string, o accept.Outcome) {
		told = append(told, name)
		t.Log(name, o.Figures)
		for _, m := range o.Missed {
			t.Errorf("%s: %s", name, m)
		}
	})
	if err != nil || !held || fmt.Sprint(told) != "[track_composite to file track to file]" {
		t.Errorf("%v: %t, %v", told, held, err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	ports, err := rig.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return ports[0]
}
