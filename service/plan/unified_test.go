package plan

import (
	"strings"
	"testing"

	"github.com/livekit/psrpc"
)

// TestBadUnifiedRequests has each field of StartEgress that can be wrong. What v1 and v2 share is in TestBadRequests.
func TestBadUnifiedRequests(t *testing.T) {
	const field = "request has missing or invalid field: "
	const room = `"room_name": "r", "template": {}`
	const web = `"web": {"url": "http://x"}`
	const file = `"outputs": [{"file": {}}]`
	for _, tt := range []struct{ name, body, want string }{
		{"nothing", `{}`, field + "source"},
		{"no source", `{"room_name": "r", ` + file + `}`, field + "source"},
		{"no output", `{` + room + `}`, field + "output"},
		{"no output but storage", `{` + room + `, "storage": {"s3": {}}}`, field + "output"},
		{"empty output", `{` + room + `, "outputs": [{}]}`, field + "output config"},
		{"empty second output", `{` + room + `, "outputs": [{"file": {}}, {"storage": {"s3": {}}}]}`, field + "output config"},
		{"no room", `{"template": {}, ` + file + `}`, field + "token or api key/secret"},
		{"both flags", `{"room_name": "r", "template": {"audio_only": true, "video_only": true}, ` + file + `}`, field + "audio_only and video_only"},
		{"both flags", `{"web": {"url": "http://x", "audio_only": true, "video_only": true}, ` + file + `}`, field + "audio_only and video_only"},
		{"template url", `{"room_name": "r", "template": {"custom_base_url": "ftp://x"}, ` + file + `}`, field + "template base url"},
		{"no url", `{"web": {}, ` + file + `}`, field + "web url"},
		{"file url", `{"web": {"url": "file:///etc/passwd"}, ` + file + `}`, field + "web url"},
		{"two files", `{` + room + `, "outputs": [{"file": {}}, {"file": {}}]}`, field + "multiple file outputs"},
		{"two streams", `{` + room + `, "outputs": [{"stream": {}}, {"stream": {}}]}`, field + "multiple stream outputs"},
		{"two segments", `{` + room + `, "outputs": [{"segments": {}}, {"segments": {}}]}`, field + "multiple segmented file outputs"},
		{"filepath", `{` + room + `, "outputs": [{"file": {"filepath": "a\u0000b"}}]}`, field + "filepath"},

		{"passthrough", `{` + room + `, "preset": 8, ` + file + `}`, field + "preset"},
		{"passthrough", `{` + web + `, "preset": 8, ` + file + `}`, field + "preset"},
		{"preset", `{` + room + `, "preset": 99, ` + file + `}`, field + "preset"},
		{"width", `{` + room + `, "advanced": {"width": 641}, ` + file + `}`, field + "width"},
		{"height", `{` + room + `, "advanced": {"height": 14}, ` + file + `}`, field + "height"},
		{"depth", `{` + web + `, "advanced": {"depth": 15}, ` + file + `}`, field + "depth"},
		{"file type", `{` + room + `, "outputs": [{"file": {"file_type": 9}}]}`, field + "file_type"},
		{"MP3 beside video", `{` + room + `, "advanced": {"audio_codec": "AC_MP3"}, ` + file + `}`, "no supported file output type is compatible with the selected codecs"},
		{"MP3 in MP4", `{` + room + `, "advanced": {"audio_codec": "AC_MP3"}, "outputs": [{"file": {"file_type": "MP4"}}]}`, "format video/mp4 incompatible with codec audio/mpeg"},
		{"video in OGG", `{` + room + `, "outputs": [{"file": {"file_type": "OGG"}}]}`, "no supported codec is compatible with all outputs"},
		{"video in MP3, codec asked", `{` + web + `, "advanced": {"audio_codec": "AC_MP3"}, "outputs": [{"file": {"file_type": "MP3"}}]}`, "format audio/mpeg incompatible with codec video/h264"},
		{"AAC in OGG", `{"web": {"url": "http://x", "audio_only": true}, "advanced": {"audio_codec": "AAC"}, "outputs": [{"file": {"file_type": "OGG"}}]}`, "format audio/ogg incompatible with codec audio/aac"},
		{"Opus in HLS", `{` + room + `, "advanced": {"audio_codec": "OPUS"}, "outputs": [{"segments": {}}]}`, "format application/x-mpegurl incompatible with codec audio/opus"},

		{"stream without url", `{` + room + `, "outputs": [{"stream": {"protocol": "RTMP"}}]}`, field + "stream url"},
		{"stream protocol", `{` + room + `, "outputs": [{"file": {}}, {"stream": {"protocol": 9}}]}`, field + "stream protocol"},
		{"mixed streams", `{` + room + `, "outputs": [{"stream": {"urls": ["wss://h/p?k=hush", "rtmp://h/a/hushhushhush"]}}]}`, "invalid url rtmp://h/a/{hus...ush}: invalid scheme"},
		{"live playlist", `{` + room + `, "outputs": [{"segments": {"playlist_name": "a/p", "live_playlist_name": "b/l"}}]}`, field + "live_playlist_name must be in same directory as playlist_name"},
		{"images of sound", `{"room_name": "r", "template": {"audio_only": true}, "outputs": [{"images": {}}]}`, field + "audio_only images"},
		{"image suffix", `{` + room + `, "outputs": [{"images": {"filename_suffix": 7}}]}`, field + "filename_suffix"},

		{"socket beside a file", `{` + room + `, "outputs": [{"file": {"file_type": "MP4"}}, {"stream": {"urls": ["ws://h"]}}]}`, "format video/mp4 incompatible with codec audio/x-raw"},
		{"socket beside segments", `{` + web + `, "outputs": [{"stream": {"urls": ["ws://h"]}}, {"segments": {}}]}`, "format application/x-mpegurl incompatible with codec audio/x-raw"},
		{"socket beside images", `{` + web + `, "outputs": [{"stream": {"urls": ["ws://h"]}}, {"images": {}}]}`, field + "audio_only images"},
		{"socket without sound", `{"web": {"url": "http://x", "video_only": true}, "outputs": [{"stream": {"urls": ["ws://h"]}}]}`, "format websocket incompatible with codec video/h264"},
		{"socket without url", `{` + room + `, "outputs": [{"stream": {"protocol": "WEBSOCKET"}}]}`, field + "stream url"},
		{"socket that is none", `{` + room + `, "outputs": [{"stream": {"protocol": "WEBSOCKET", "urls": ["rtmp://h/a/hushhushhush"]}}]}`, "invalid url rtmp://h/a/{hus...ush}: invalid scheme"},
		{"socket that cannot be parsed", `{` + room + `, "outputs": [{"stream": {"urls": ["ws://h:hush"]}}]}`, "invalid url ws://{url}: it cannot be parsed"},

		{"no media", `{"room_name": "r", "media": {}, ` + file + `}`, field + "audio or video"},
		{"media identity", `{"room_name": "r", "media": {"participant_video": {}}, ` + file + `}`, field + "identity"},

		{"media, OGG", `{"room_name": "r", "media": {"video_track_id": "TR_v"}, "outputs": [{"file": {"file_type": "OGG"}}]}`, "no supported codec is compatible with all outputs"},
		{"passthrough of a participant", `{"room_name": "r", "preset": 8, "media": {"participant_video": {"identity": "i"}}, ` + file + `}`, field + "passthrough participant_video"},
		{"passthrough of all", `{"room_name": "r", "preset": 8, "media": {"audio": {"capture_all": true}}, ` + file + `}`, field + "passthrough capture_all"},
		{"passthrough of both", `{"room_name": "r", "preset": 8, "media": {"video_track_id": "TR_v", "audio": {"routes": [{"track_id": "TR_a"}]}}, ` + file + `}`, field + "passthrough audio routes"},
		{"passthrough of two", `{"room_name": "r", "preset": 8, "media": {"audio": {"routes": [{"track_id": "TR_a"}, {"track_id": "TR_b"}]}}, ` + file + `}`, field + "passthrough audio routes"},
		{"passthrough by identity", `{"room_name": "r", "preset": 8, "media": {"audio": {"routes": [{"participant_identity": "i"}]}}, ` + file + `}`, field + "passthrough audio route match"},
		{"passthrough of no id", `{"room_name": "r", "preset": 8, "media": {"audio": {"routes": [{"track_id": ""}]}}, ` + file + `}`, field + "passthrough audio route track_id"},
		{"passthrough into two", `{"room_name": "r", "preset": 8, "media": {"video_track_id": "TR_v"}, "outputs": [{"file": {}}, {"images": {}}]}`, field + "passthrough outputs"},
		{"passthrough into a stream too", `{"room_name": "r", "preset": 8, "media": {"video_track_id": "TR_v"}, "outputs": [{"file": {}}, {"stream": {}}]}`, field + "passthrough outputs"},
		{"passthrough into segments", `{"room_name": "r", "preset": 8, "media": {"video_track_id": "TR_v"}, "outputs": [{"segments": {}}]}`, field + "passthrough output"},
		{"passthrough into MP4", `{"room_name": "r", "preset": 8, "media": {"video_track_id": "TR_v"}, "outputs": [{"file": {"file_type": "MP4"}}]}`, field + "passthrough file_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(testConfig(), parse(t, "egress", tt.body))
			wantError(t, err, psrpc.InvalidArgument, tt.want)
		})
	}
}

// TestTargets wants each stored output's store as the precedence has it: the output's, then the request's.
func TestTargets(t *testing.T) {
	req := parse(t, "egress", `{"web": {"url": "http://x"}, "storage": {"gcp": {}}, "outputs": [
		{"file": {}, "storage": {"s3": {}}},
		{"stream": {"urls": ["rtmp://h/a/k"]}, "storage": {"s3": {}}},
		{"segments": {"azure": {}}},
		{"images": {"aliOSS": {}}, "storage": {"azure": {}}},
		{"images": {}, "storage": {}}]}`)
	w, err := wishOf(req)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := providers(w), "S3 GCP Azure GCP"; got != want {
		t.Errorf("stores %s, want %s", got, want)
	}
	v1 := parse(t, "web", `{"url": "http://x", "file_outputs": [{}], "segment_outputs": [{"gcp": {}}], "image_outputs": [{"s3": {}}]}`)
	if w, err = wishOf(v1); err != nil || providers(w) != "- GCP S3" {
		t.Errorf("v1 stores %s, %v", providers(w), err)
	}
}

// providers are the stores that the request names, "-" where it names none.
func providers(w *wish) string {
	var all []string
	for _, u := range w.want.stored() {
		name := "-"
		if u != nil {
			name = provider(u)
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// TestUnifiedRoom tells what a v2 request without a room of its own takes from the message around it.
func TestUnifiedRoom(t *testing.T) {
	for _, tt := range []struct{ name, body, roomName, token, room, file string }{
		{"own room", `{"room_name": "own", "template": {}`, "other", "", "own", "own-2022-10-04T011306.mp4"},
		{"told room", `{"template": {}`, "told", "", "told", "told-2022-10-04T011306.mp4"},
		{"token only", `{"template": {}`, "", "token", "", "web-2022-10-04T011306.mp4"},
		{"web", `{"web": {"url": "http://x"}`, "", "", "", "web-2022-10-04T011306.mp4"},
		{"web of a room", `{"room_name": "own", "web": {"url": "http://x"}`, "", "", "own", "own-2022-10-04T011306.mp4"},
		{"web of a told room", `{"web": {"url": "http://x"}`, "told", "", "told", "told-2022-10-04T011306.mp4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := parse(t, "egress", tt.body+`, "outputs": [{"file": {}}]}`)
			req.RoomName, req.Token = tt.roomName, tt.token
			p, err := decide(testConfig(), req, testTime)
			if err != nil {
				t.Fatal(err)
			}
			if p.RoomName != tt.room || p.Info.RoomName != tt.room || p.File.Name != tt.file {
				t.Errorf("room %q, in the info %q, file %s", p.RoomName, p.Info.RoomName, p.File.Name)
			}
			if (p.Source.Token == "") != (p.Source.Kind == Web) {
				t.Errorf("token for %v", p.Source.Kind)
			}
		})
	}
}
