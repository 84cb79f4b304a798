package plan

import (
	"testing"
	"time"

	"github.com/ffegress/ffegress/service/config"
)

// TestLimits: of the limits of what is made the smallest holds.
func TestLimits(t *testing.T) {
	limits := config.SessionLimits{
		FileOutputMaxDuration: 4 * time.Hour, StreamOutputMaxDuration: 3 * time.Hour, SegmentOutputMaxDuration: 2 * time.Hour,
		ImageOutputMaxDuration: time.Hour, FileOutputMaxSize: 1000,
	}
	const file, stream, segments, images = `"file_outputs": [{}]`, `"stream_outputs": [{"urls": ["rtmp://h/a/k"]}]`, `"segment_outputs": [{}]`, `"image_outputs": [{}]`
	for _, tt := range []struct {
		kind, body string
		limit      time.Duration
		size       int64
	}{
		{"web", `{"url": "http://x", ` + file + `}`, 4 * time.Hour, 1000},
		{"web", `{"url": "http://x", ` + stream + `}`, 3 * time.Hour, 0},
		{"web", `{"url": "http://x", ` + segments + `}`, 2 * time.Hour, 0},
		{"web", `{"url": "http://x", ` + images + `}`, time.Hour, 0},
		{"web", `{"url": "http://x", ` + file + `, ` + stream + `}`, 3 * time.Hour, 1000},
		{"web", `{"url": "http://x", ` + file + `, ` + segments + `, ` + images + `}`, time.Hour, 1000},
		{"track", `{"room_name": "r", "track_id": "TR_x", "file": {}}`, 4 * time.Hour, 0},
	} {
		conf := testConfig()
		conf.SessionLimits = limits
		p, err := New(conf, parse(t, tt.kind, tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if p.MaxDuration != tt.limit || p.MaxSize != tt.size {
			t.Errorf("%s: %v and %d bytes, want %v and %d", tt.body, p.MaxDuration, p.MaxSize, tt.limit, tt.size)
		}
		conf.SessionLimits = config.SessionLimits{}
		if p, err = New(conf, parse(t, tt.kind, tt.body)); err != nil || p.MaxDuration != 0 || p.MaxSize != 0 {
			t.Errorf("%s without limits: %v, %d, %v", tt.body, p.MaxDuration, p.MaxSize, err)
		}
	}
}

// TestJitterBufferLatency: the section of a request's type takes the place of the general one.
func TestJitterBufferLatency(t *testing.T) {
	conf := testConfig()
	conf.Latency.JitterBuffer = 2 * time.Second
	conf.LatencyOverrides = map[string]config.Latency{"track": {JitterBuffer: time.Second}, "media": {JitterBuffer: 3 * time.Second}}
	const file = `"outputs": [{"file": {}}]`
	for _, tt := range []struct {
		kind, body string
		wait       time.Duration
	}{
		{"track", `{"room_name": "r", "track_id": "TR_x", "file": {}}`, time.Second},
		{"participant", `{"room_name": "r", "identity": "i", "file_outputs": [{}]}`, 2 * time.Second},
		{"egress", `{"room_name": "r", "media": {"video_track_id": "TR_x"}, ` + file + `}`, 3 * time.Second},
	} {
		p, err := New(conf, parse(t, tt.kind, tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if p.Source.Wait != tt.wait {
			t.Errorf("%s: waits %v, want %v", tt.kind, p.Source.Wait, tt.wait)
		}
	}
}
