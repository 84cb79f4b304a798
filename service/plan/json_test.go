package plan

import (
	"strings"
	"testing"
)

func TestFromJSON(t *testing.T) {
	for kind, body := range map[string]string{
		"room":            `{"roomName": "r", "fileOutputs": [{"filepath": "a"}]}`,
		"room-composite":  `{"room_name": "r", "advanced": {"width": 640, "videoCodec": "H264_HIGH"}}`,
		"room_composite":  `{"room_name": "r"}`,
		"web":             `{"url": "u", "await_start_signal": true}`,
		"participant":     `{"identity": "i"}`,
		"track-composite": `{"audio_track_id": "t"}`,
		"track_composite": `{}`,
		"track":           `{"track_id": "t"}`,
		"egress":          `{"template": {"layout": "grid"}}`,
	} {
		req, err := FromJSON(kind, []byte(body))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if req.Request == nil || !strings.HasPrefix(req.EgressId, "EG_") {
			t.Errorf("%s: %v", kind, req)
		}
	}
	for _, tt := range []struct{ kind, body, want string }{
		{"room", `{"room_nam": "r"}`, `could not parse room request: (line 1:2): unknown field "room_nam"`},
		{"room", `{"file_outputs": [{"path": "r"}]}`, `could not parse room request: (line 1:20): unknown field "path"`},
		{"web", `{"preset": "4K"}`, `could not parse web request: (line 1:12): invalid value for enum field preset: "4K"`},
		{"web", `{"url": 1}`, `could not parse web request: (line 1:9): invalid value for string field url: 1`},
		{"web", `{`, `could not parse web request: unexpected EOF`},
		{"movie", `{}`, `unknown egress type "movie"`},
	} {
		_, err := FromJSON(tt.kind, []byte(tt.body))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s %s:\n%v\nwant\n%s", tt.kind, tt.body, err, tt.want)
		}
	}
}

// FuzzNew wants an answer, never a panic, for whatever parses as a request.
func FuzzNew(f *testing.F) {
	f.Add("room", `{"room_name": "r", "file_outputs": [{"filepath": "{room_name}/"}], "advanced": {"width": 18}}`)
	f.Add("web", `{"url": "http://x", "stream_outputs": [{"urls": ["rtmp://h/a/k", "srt://x?y=z"]}]}`)
	f.Add("participant", `{"identity": "i", "segment_outputs": [{"live_playlist_name": "a/b", "playlist_name": "a/c"}]}`)
	f.Add("track-composite", `{"video_track_id": "t", "image_outputs": [{}]}`)
	f.Add("track", `{"track_id": "t", "websocket_url": "ws://"}`)
	f.Add("egress", `{"media": {"participant_video": {"identity": "x"}}, "outputs": [{"file": {}}], "preset": 8}`)
	f.Add("egress", `{"room_name": "r", "template": {"layout": "grid"}, "advanced": {"key_frame_interval": 0.01}, "outputs": [{"file": {"filepath": "{utc}"}, "storage": {}}]}`)
	f.Add("egress", `{"web": {"url": "http://x", "video_only": true}, "preset": 5, "outputs": [{"file": {}}], "webhooks": [{"url": "u"}]}`)
	f.Fuzz(func(t *testing.T, kind, body string) {
		req, err := FromJSON(kind, []byte(body))
		if err != nil {
			return
		}
		p, err := New(testConfig(), req)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without text")
			}
			return
		}
		if err := p.Encoder.Validate(); err != nil {
			t.Errorf("the encoder cannot do what was accepted: %v", err)
		}
		if strings.Contains(p.File.Path, "/../") || p.File.Path[0] != '/' {
			t.Errorf("path %s", p.File.Path)
		}
		room := req.GetRoomComposite() != nil || req.GetEgress().GetTemplate() != nil
		if room != (p.Source.Kind == Room) {
			t.Errorf("source %+v", p.Source)
		}
		if p.Info.Request == nil || len(p.Info.FileResults) != 1 {
			t.Errorf("info %v", p.Info)
		}
	})
}
