package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
)

// TestSockets: StartEgress sends the sound of any source to WebSockets, without a picture and without an encoder.
func TestSockets(t *testing.T) {
	const to = `"outputs": [{"stream": {"urls": ["wss://u:hush@h/p?token=hush", "ws://h/q"]}}]}`
	for _, tt := range []struct {
		name, body string
		page       bool
	}{
		{"template", `{"room_name": "r", "template": {}, ` + to, true},
		{"template, sound only", `{"room_name": "r", "template": {"audio_only": true}, ` + to, false},
		{"web", `{"web": {"url": "http://x"}, ` + to, true},
		{"web, Opus asked", `{"web": {"url": "http://x"}, "advanced": {"audio_codec": "OPUS", "audio_frequency": 12345}, ` + to, true},
		{"media", `{"room_name": "r", "media": {"participant_video": {"identity": "i"}, "audio": {"capture_all": true}}, ` + to, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := New(testConfig(), parse(t, "egress", tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if p.Format.Video || !p.Format.Audio || p.Encodes() || !p.Live() || p.Source.Page() != tt.page {
				t.Errorf("format %+v, encodes %v, live %v, page %v", p.Format, p.Encodes(), p.Live(), p.Source.Page())
			}
			if p.Source.Want.VideoOf != "" || p.Source.Want.VideoTrack != "" {
				t.Errorf("pictures are taken: %+v", p.Source.Want)
			}
			if p.Streams.Protocol != outputs.PCM || len(p.Streams.URLs) != 2 || p.Streams.URLs[0].Socket != "wss://u:hush@h/p?token=hush" {
				t.Errorf("streams %+v", p.Streams)
			}
			urls := []string{"wss://u:xxxxx@h/p?token={...}", "ws://h/q"}
			for i, s := range p.Info.StreamResults {
				if s.Url != urls[i] || s.Status != livekit.StreamInfo_ACTIVE {
					t.Errorf("stream %v", s)
				}
			}
			if len(p.Info.StreamResults) != 2 || strings.Contains(p.Info.String(), "hush") {
				t.Errorf("info %v", p.Info)
			}
			if got := p.Streams.URLs[0].Secrets(); !slices.Equal(got, []string{"hush", "hush"}) {
				t.Errorf("secrets %q", got)
			}
		})
	}
}
