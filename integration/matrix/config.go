package matrix

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// Config is a configuration of ffegress with the keys of LiveKit Egress' first integration tests beside.
type Config struct {
	Room   string `yaml:"room_name"`
	Muting bool   `yaml:"muting"` // sound and picture are muted for a while

	// Each of these excludes its likes.
	RoomOnly           bool `yaml:"room_only"`
	WebOnly            bool `yaml:"web_only"`
	TrackCompositeOnly bool `yaml:"track_composite_only"`
	TrackOnly          bool `yaml:"track_only"`

	FileOnly     bool `yaml:"file_only"`
	StreamOnly   bool `yaml:"stream_only"`
	SegmentsOnly bool `yaml:"segments_only"`

	APIKey    string `yaml:"api_key"`
	APISecret string `yaml:"api_secret"`
	WSURL     string `yaml:"ws_url"`

	service map[string]any // the rest of it, with the last three: ffegress' own
}

// ours are the keys that ffegress does not know.
var ours = []string{
	"room_name", "muting", "room_only", "web_only", "track_composite_only", "track_only", "file_only", "stream_only", "segments_only",
}

// Parse reads a configuration. LIVEKIT_API_KEY, LIVEKIT_API_SECRET and LIVEKIT_WS_URL stand in for what it lacks.
func Parse(body []byte) (*Config, error) {
	c := &Config{APIKey: os.Getenv("LIVEKIT_API_KEY"), APISecret: os.Getenv("LIVEKIT_API_SECRET"), WSURL: os.Getenv("LIVEKIT_WS_URL")}
	if err := errors.Join(yaml.Unmarshal(body, c), yaml.Unmarshal(body, &c.service)); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	for _, key := range ours {
		delete(c.service, key)
	}
	for key, value := range map[string]string{"room_name": c.Room, "api_key": c.APIKey, "api_secret": c.APISecret, "ws_url": c.WSURL} {
		if value == "" {
			return nil, fmt.Errorf("%s is needed", key)
		}
	}
	if !strings.HasPrefix(c.WSURL, "ws://") && !strings.HasPrefix(c.WSURL, "wss://") {
		return nil, errors.New("ws_url: want a ws:// or wss:// url")
	}
	if c.service["redis"] == nil {
		return nil, errors.New("redis is needed, the one of livekit-server")
	}
	return c, nil
}

// http is where the API is.
func (c *Config) http() string { return "http" + strings.TrimPrefix(c.WSURL, "ws") }

// sources and outputs are those that nothing excludes.
func (c *Config) sources() []string {
	return only([]string{room, web, trackComposite, track}, []bool{c.RoomOnly, c.WebOnly, c.TrackCompositeOnly, c.TrackOnly})
}

func (c *Config) outputs() []string {
	return only([]string{file, stream, segments}, []bool{c.FileOnly, c.StreamOnly, c.SegmentsOnly})
}

// only gives those that are marked, or all.
func only(names []string, marked []bool) (chosen []string) {
	for i, name := range names {
		if marked[i] {
			chosen = append(chosen, name)
		}
	}
	if chosen == nil {
		return names
	}
	return chosen
}
