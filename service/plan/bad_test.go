package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/config"
)

// testTime is when test requests are accepted.
var testTime = time.Date(2022, 10, 4, 1, 13, 6, 0, time.Local)

func testConfig() *config.Config {
	return &config.Config{
		APIKey:       "key",
		APISecret:    "a-secret-of-some-length-for-hmac-256",
		WSURL:        "ws://127.0.0.1:7880",
		TemplateBase: "http://localhost:7980/",
		WorkDir:      "/var/lib/ffegress",
	}
}

func parse(t *testing.T, kind, body string) *rpc.StartEgressRequest {
	t.Helper()
	req, err := FromJSON(kind, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	req.EgressId = "EG_test"
	return req
}

// wantError checks text and code; a text ending in "…" is a beginning.
func wantError(t *testing.T, err error, code psrpc.ErrorCode, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", text)
	}
	if got, _ := psrpc.GetErrorCode(err); got != code {
		t.Errorf("code %s, want %s", got, code)
	}
	if begin, ok := strings.CutSuffix(text, "…"); ok && strings.HasPrefix(err.Error(), begin) {
		return
	}
	if err.Error() != text {
		t.Errorf("got  %s\nwant %s", err, text)
	}
}

// TestBadRequests has each wrong field, and each right one that is not built yet.
func TestBadRequests(t *testing.T) {
	const field = "request has missing or invalid field: "
	const files = `"file_outputs": [{"filepath": "a"}]`
	for _, tt := range []struct{ name, kind, body, want string }{
		{"no output", "room", `{"room_name": "r"}`, field + "output"},
		{"no output", "web", `{"url": "http://x"}`, field + "output"},
		{"empty room", "room", `{` + files + `}`, field + "token or api key/secret"},
		{"both flags", "room", `{"room_name": "r", "audio_only": true, "video_only": true, ` + files + `}`, field + "audio_only and video_only"},
		{"both flags", "web", `{"url": "http://x", "audio_only": true, "video_only": true, ` + files + `}`, field + "audio_only and video_only"},
		{"template scheme", "room", `{"room_name": "r", "custom_base_url": "ftp://x", ` + files + `}`, field + "template base url"},
		{"template host", "room", `{"room_name": "r", "custom_base_url": "http:", ` + files + `}`, field + "template base url"},
		{"template parse", "room", `{"room_name": "r", "custom_base_url": "http://a b", ` + files + `}`, field + "template base url"},
		{"no url", "web", `{` + files + `}`, field + "web url"},
		{"file url", "web", `{"url": "file:///etc/passwd", ` + files + `}`, field + "web url"},
		{"script url", "web", `{"url": "javascript:alert(1)", ` + files + `}`, field + "web url"},
		{"source url", "web", `{"url": "view-source:http://x/", ` + files + `}`, field + "web url"},
		{"data url", "web", `{"url": "data:text/html,x", ` + files + `}`, field + "web url"},
		{"chrome url", "web", `{"url": "chrome://version", ` + files + `}`, field + "web url"},
		{"metadata", "web", `{"url": "http://169.254.169.254/x?t=hush", ` + files + `}`,
			"invalid url http://169.254.169.254/x?t={...}: 169.254.169.254: web_egress does not allow it (link-local or a metadata service)"},
		{"metadata template", "room", `{"room_name": "r", "custom_base_url": "http://[fd00:ec2::254]/", ` + files + `}`,
			"invalid url http://[fd00:ec2::254]/: fd00:ec2::254: web_egress does not allow it (link-local or a metadata service)"},
		{"two files", "room", `{"room_name": "r", "file_outputs": [{}, {}]}`, field + "multiple file outputs"},
		{"two streams", "room", `{"room_name": "r", "stream_outputs": [{}, {}]}`, field + "multiple stream outputs"},
		{"two segments", "room", `{"room_name": "r", "segment_outputs": [{}, {}]}`, field + "multiple segmented file outputs"},
		{"filepath", "room", `{"room_name": "r", "file_outputs": [{"filepath": "a\u0000b"}]}`, field + "filepath"},

		{"preset", "room", `{"room_name": "r", "preset": 8, ` + files + `}`, field + "preset"},
		{"preset", "web", `{"url": "http://x", "preset": 99, ` + files + `}`, field + "preset"},
		{"small width", "room", `{"room_name": "r", "advanced": {"width": 14}, ` + files + `}`, field + "width"},
		{"odd width", "room", `{"room_name": "r", "advanced": {"width": 641}, ` + files + `}`, field + "width"},
		{"huge width", "room", `{"room_name": "r", "advanced": {"width": 10000}, ` + files + `}`, field + "width"},
		{"odd height", "room", `{"room_name": "r", "advanced": {"height": 481}, ` + files + `}`, field + "height"},
		{"depth", "room", `{"room_name": "r", "advanced": {"depth": 32}, ` + files + `}`, field + "depth"},
		{"negative depth", "room", `{"room_name": "r", "advanced": {"depth": -24}, ` + files + `}`, field + "depth"},
		{"framerate", "room", `{"room_name": "r", "advanced": {"framerate": 121}, ` + files + `}`, field + "framerate"},
		{"negative framerate", "room", `{"room_name": "r", "advanced": {"framerate": -1}, ` + files + `}`, field + "framerate"},
		{"video bitrate", "room", `{"room_name": "r", "advanced": {"video_bitrate": -1}, ` + files + `}`, field + "video_bitrate"},
		{"video bitrate in b/s", "room", `{"room_name": "r", "advanced": {"video_bitrate": 4500000}, ` + files + `}`, field + "video_bitrate"},
		{"audio bitrate", "room", `{"room_name": "r", "advanced": {"audio_bitrate": -1}, ` + files + `}`, field + "audio_bitrate"},
		{"frequency", "room", `{"room_name": "r", "advanced": {"audio_frequency": 44000}, ` + files + `}`, field + "audio_frequency"},
		{"key frames", "room", `{"room_name": "r", "advanced": {"key_frame_interval": -2}, ` + files + `}`, field + "key_frame_interval"},
		{"key frames", "room", `{"room_name": "r", "advanced": {"key_frame_interval": "NaN"}, ` + files + `}`, field + "key_frame_interval"},
		{"key frames", "room", `{"room_name": "r", "advanced": {"key_frame_interval": "Infinity"}, ` + files + `}`, field + "key_frame_interval"},
		{"audio codec", "room", `{"room_name": "r", "advanced": {"audio_codec": 9}, ` + files + `}`, field + "audio_codec"},
		{"video codec", "room", `{"room_name": "r", "advanced": {"video_codec": 9}, ` + files + `}`, field + "video_codec"},
		{"file type", "room", `{"room_name": "r", "file_outputs": [{"file_type": 9}]}`, field + "file_type"},

		{"MP3 in MP4", "room", `{"room_name": "r", "advanced": {"audio_codec": "AC_MP3"}, "file_outputs": [{"file_type": "MP4"}]}`, "format video/mp4 incompatible with codec audio/mpeg"},
		{"MP3 in MP4, audio only", "web", `{"url": "http://x", "audio_only": true, "advanced": {"audio_codec": "AC_MP3"}, "file_outputs": [{"file_type": "MP4"}]}`, "format video/mp4 incompatible with codec audio/mpeg"},
		{"MP3 beside video", "room", `{"room_name": "r", "advanced": {"audio_codec": "AC_MP3"}, ` + files + `}`, "no supported file output type is compatible with the selected codecs"},
		{"MP3 beside video, MCAP", "web", `{"url": "http://x", "advanced": {"audio_codec": "AC_MP3"}, "file_outputs": [{"file_type": 4}]}`, "no supported file output type is compatible with the selected codecs"},
		{"video in MP3", "room", `{"room_name": "r", "file_outputs": [{"file_type": "MP3"}]}`, "no supported codec is compatible with all outputs"},
		{"video in MP3, codec asked", "room", `{"room_name": "r", "advanced": {"audio_codec": "AC_MP3"}, "file_outputs": [{"file_type": "MP3"}]}`, "format audio/mpeg incompatible with codec video/h264"},
		{"Opus in MP3", "web", `{"url": "http://x", "audio_only": true, "advanced": {"audio_codec": "OPUS"}, "file_outputs": [{"file_type": "MP3"}]}`, "format audio/mpeg incompatible with codec audio/opus"},
		{"MP3 in OGG", "room", `{"room_name": "r", "audio_only": true, "advanced": {"audio_codec": "AC_MP3"}, "file_outputs": [{"file_type": "OGG"}]}`, "format audio/ogg incompatible with codec audio/mpeg"},
		{"MP3 in HLS", "room", `{"room_name": "r", "advanced": {"audio_codec": "AC_MP3"}, "segment_outputs": [{}]}`, "format application/x-mpegurl incompatible with codec audio/mpeg"},
		{"MP3 in a file beside HLS", "web", `{"url": "http://x", "audio_only": true, "advanced": {"audio_codec": "AC_MP3"}, ` + files + `, "segment_outputs": [{}]}`, "format application/x-mpegurl incompatible with codec audio/mpeg"},
		{"MP3 and HLS", "web", `{"url": "http://x", "audio_only": true, "file_outputs": [{"file_type": "MP3"}], "segment_outputs": [{}]}`, "no supported codec is compatible with all outputs"},
		{"MP3 and SRT", "web", `{"url": "http://x", "audio_only": true, "file_outputs": [{"file_type": "MP3"}], "stream_outputs": [{"urls": ["srt://h:1"]}]}`, "format audio/mpeg incompatible with codec audio/aac"},
		{"frequency of MP3", "web", `{"url": "http://x", "audio_only": true, "advanced": {"audio_codec": "AC_MP3", "audio_frequency": 96000}, ` + files + `}`, field + "audio_frequency"},
		{"audio-only file type", "web", `{"url": "http://x", "audio_only": true, "file_outputs": [{"file_type": 9}]}`, field + "file_type"},
		{"video in OGG", "room", `{"room_name": "r", "file_outputs": [{"file_type": "OGG"}]}`, "no supported codec is compatible with all outputs"},
		{"video in OGG, codec asked", "room", `{"room_name": "r", "advanced": {"audio_codec": "OPUS"}, "file_outputs": [{"file_type": "OGG"}]}`, "format audio/ogg incompatible with codec video/h264"},
		{"video only in MP3", "room", `{"room_name": "r", "video_only": true, "file_outputs": [{"file_type": "MP3"}]}`, "no supported codec is compatible with all outputs"},
		{"AAC in OGG", "web", `{"url": "http://x", "audio_only": true, "advanced": {"audio_codec": "AAC"}, "file_outputs": [{"file_type": "OGG"}]}`, "format audio/ogg incompatible with codec audio/aac"},
		{"AAC in MP3", "web", `{"url": "http://x", "audio_only": true, "advanced": {"audio_codec": "AAC"}, "file_outputs": [{"file_type": "MP3"}]}`, "format audio/mpeg incompatible with codec audio/aac"},
		{"Opus in HLS", "room", `{"room_name": "r", "advanced": {"audio_codec": "OPUS"}, "segment_outputs": [{}]}`, "format application/x-mpegurl incompatible with codec audio/opus"},
		{"OGG and HLS", "web", `{"url": "http://x", "audio_only": true, "file_outputs": [{"file_type": "OGG"}], "segment_outputs": [{}]}`, "no supported codec is compatible with all outputs"},
		{"OGG and RTMP", "web", `{"url": "http://x", "audio_only": true, "file_outputs": [{"file_type": "OGG"}], "stream_outputs": [{"urls": ["rtmp://h/a/k"]}]}`, "format audio/ogg incompatible with codec audio/aac"},

		{"stream without url", "room", `{"room_name": "r", "stream_outputs": [{"protocol": "RTMP"}]}`, field + "stream url"},
		{"stream without protocol", "room", `{"room_name": "r", "stream_outputs": [{}], ` + files + `}`, field + "stream url"},
		{"stream protocol", "room", `{"room_name": "r", "stream_outputs": [{"protocol": 9}], ` + files + `}`, field + "stream protocol"},
		{"websocket room", "room", `{"room_name": "r", "stream_outputs": [{"protocol": "WEBSOCKET"}], ` + files + `}`, field + "output type"},
		{"ws url", "room", `{"room_name": "r", "stream_outputs": [{"urls": ["ws://h/p?token=hush"]}]}`, "invalid url ws://h/p?token={...}: invalid scheme"},
		{"unknown scheme", "room", `{"room_name": "r", "stream_outputs": [{"urls": ["gopher://h/a/hushhushhush"]}]}`, "invalid url gopher://h/{...}: invalid protocol"},
		{"second scheme", "room", `{"room_name": "r", "stream_outputs": [{"urls": ["rtmp://h/a/k", "srt://h:1?passphrase=hush"]}]}`, "invalid url srt://h:1?passphrase={...}: invalid scheme"},
		{"srt passphrase", "room", `{"room_name": "r", "stream_outputs": [{"urls": ["srt://h:1?passphrase=hush"]}]}`, "invalid url srt://h:1?passphrase={...}: passphrase must have 10 to 79 characters"},
		{"mux key", "room", `{"room_name": "r", "stream_outputs": [{"urls": ["mux://"]}]}`, "invalid url mux://{...}: mux urls must be of format mux://{stream_key}"},
		{"rtmp format", "room", `{"room_name": "r", "stream_outputs": [{"urls": ["rtmp://hush"]}]}`, "invalid url rtmp://{url}: rtmp urls must be of format …"},
		{"live playlist", "room", `{"room_name": "r", "segment_outputs": [{"playlist_name": "a/p", "live_playlist_name": "b/l"}]}`, field + "live_playlist_name must be in same directory as playlist_name"},
		{"live playlist", "room", `{"room_name": "r", "segment_outputs": [{"playlist_name": "a/p", "live_playlist_name": "p.m3u8"}]}`, field + "live_playlist_name cannot be identical to playlist_name"},
		{"segment suffix", "room", `{"room_name": "r", "segment_outputs": [{"filename_suffix": 7}]}`, field + "filename_suffix"},
		{"segment protocol", "room", `{"room_name": "r", "segment_outputs": [{"protocol": 7}]}`, field + "output type"},
		{"image suffix", "room", `{"room_name": "r", "image_outputs": [{"filename_suffix": 7}]}`, field + "filename_suffix"},
		{"names become one", "room", `{"room_name": "r", "segment_outputs": [{"playlist_name": "r", "live_playlist_name": "{room_name}"}]}`, field + "live_playlist_name cannot be identical to playlist_name"},
		{"segment prefix", "room", `{"room_name": "r", "segment_outputs": [{"filename_prefix": "a\u0000b"}]}`, field + "filename_prefix"},
		{"image prefix", "room", `{"room_name": "r", "image_outputs": [{"filename_prefix": "a\u0000b"}]}`, field + "filename_prefix"},
		{"image width", "room", `{"room_name": "r", "image_outputs": [{"width": 8193}]}`, field + "width"},
		{"image height", "room", `{"room_name": "r", "image_outputs": [{}, {"height": 8193}]}`, field + "height"},
		{"images of sound", "room", `{"room_name": "r", "audio_only": true, "image_outputs": [{}]}`, field + "audio_only images"},

		{"identity", "participant", `{"room_name": "r", ` + files + `}`, field + "identity"},
		{"no tracks", "track-composite", `{"room_name": "r", ` + files + `}`, field + "audio_track_id or video_track_id"},
		{"no track", "track", `{"room_name": "r", "file": {}}`, field + "track_id"},
		{"no track output", "track", `{"room_name": "r", "track_id": "TR_x"}`, field + "output"},
		{"track websocket", "track", `{"room_name": "r", "track_id": "TR_x", "websocket_url": "http://h/?k=hush"}`, "invalid url http://h/?k={...}: invalid scheme"},

		{"participant, OGG", "participant", `{"room_name": "r", "identity": "i", "file_outputs": [{"file_type": "OGG"}]}`, "no supported codec is compatible with all outputs"},
		{"track composite, MP3 of a picture", "track-composite", `{"room_name": "r", "video_track_id": "TR_v", "file_outputs": [{"file_type": "MP3"}]}`, "no supported codec is compatible with all outputs"},
		{"track file", "track", `{"room_name": "r", "track_id": "TR_a", "file": {"filepath": "a\u0000b"}}`, field + "filepath"},
	} {
		t.Run(tt.kind+" "+tt.name, func(t *testing.T) {
			_, err := New(testConfig(), parse(t, tt.kind, tt.body))
			wantError(t, err, psrpc.InvalidArgument, tt.want)
		})
	}
}

// TestBadCircumstances has what is wrong with the message around a request, or with the configuration.
func TestBadCircumstances(t *testing.T) {
	const field = "request has missing or invalid field: "
	for _, tt := range []struct {
		name   string
		change func(*config.Config, *rpc.StartEgressRequest)
		code   psrpc.ErrorCode
		want   string
	}{
		{"no id", func(_ *config.Config, r *rpc.StartEgressRequest) { r.EgressId = "" }, psrpc.InvalidArgument, field + "egressID"},
		{"id with a path", func(_ *config.Config, r *rpc.StartEgressRequest) { r.EgressId = "../EG" }, psrpc.InvalidArgument, field + "egressID"},
		{"id that is a path", func(_ *config.Config, r *rpc.StartEgressRequest) { r.EgressId = ".." }, psrpc.InvalidArgument, field + "egressID"},
		{"no request", func(_ *config.Config, r *rpc.StartEgressRequest) { r.Request = nil }, psrpc.InvalidArgument, field + "request"},
		{"empty request", func(_ *config.Config, r *rpc.StartEgressRequest) {
			r.Request = &rpc.StartEgressRequest_RoomComposite{}
		}, psrpc.InvalidArgument, field + "output"},
		{"no key", func(c *config.Config, _ *rpc.StartEgressRequest) { c.APIKey = "" }, psrpc.InvalidArgument, field + "token or api key/secret"},
		{"no secret", func(c *config.Config, _ *rpc.StartEgressRequest) { c.APISecret = "" }, psrpc.InvalidArgument, field + "token or api key/secret"},
		{"no server", func(c *config.Config, _ *rpc.StartEgressRequest) { c.WSURL = "" }, psrpc.InvalidArgument, field + "ws_url"},
		{"no local files", func(c *config.Config, _ *rpc.StartEgressRequest) { c.DisallowLocalStorage = true }, psrpc.InvalidArgument, field + "output"},
		{"role without keys", func(c *config.Config, r *rpc.StartEgressRequest) {
			r.Request = parse(t, "room", `{"room_name": "r", "file_outputs": [{"s3": {"bucket": "b", "assume_role_arn": "arn:x"}}]}`).Request
		}, psrpc.PermissionDenied, "S3 upload using AssumeRole is disabled for this account"},
		{"retry", func(_ *config.Config, r *rpc.StartEgressRequest) { r.RetryCount = 1 }, psrpc.FailedPrecondition, "output configuration does not support retry"},
		{"one of two outputs without a store, no local files", func(c *config.Config, r *rpc.StartEgressRequest) {
			c.DisallowLocalStorage = true
			r.Request = parse(t, "egress", `{"room_name": "r", "template": {}, "outputs": [
				{"file": {}, "storage": {"s3": {}}}, {"images": {}}]}`).Request
		}, psrpc.InvalidArgument, field + "output"},
		{"v2, no key", func(c *config.Config, r *rpc.StartEgressRequest) {
			c.APIKey = ""
			r.Request = parse(t, "egress", `{"room_name": "r", "template": {}, "outputs": [{"file": {}}]}`).Request
		}, psrpc.InvalidArgument, field + "token or api key/secret"},
		{"v2 retry", func(_ *config.Config, r *rpc.StartEgressRequest) {
			r.RetryCount = 1
			r.Request = parse(t, "egress", `{"web": {"url": "http://x"}, "outputs": [{"file": {"filepath": "a"}}]}`).Request
		}, psrpc.FailedPrecondition, "output configuration does not support retry"},
		{"empty v2 request", func(_ *config.Config, r *rpc.StartEgressRequest) {
			r.Request = &rpc.StartEgressRequest_Egress{}
		}, psrpc.InvalidArgument, field + "source"},
		{"hollow v2 source", func(_ *config.Config, r *rpc.StartEgressRequest) {
			r.Request = &rpc.StartEgressRequest_Egress{Egress: &livekit.StartEgressRequest{Source: &livekit.StartEgressRequest_Web{}}}
		}, psrpc.InvalidArgument, field + "source"},
		{"hollow v2 outputs", func(_ *config.Config, r *rpc.StartEgressRequest) {
			r.Request = &rpc.StartEgressRequest_Egress{Egress: &livekit.StartEgressRequest{
				Source:  &livekit.StartEgressRequest_Web{Web: &livekit.WebSource{Url: "http://x"}},
				Outputs: []*livekit.Output{{Config: &livekit.Output_Stream{}}, nil},
			}}
		}, psrpc.InvalidArgument, field + "output config"},
		{"replay", func(_ *config.Config, r *rpc.StartEgressRequest) {
			r.RoomName = "room"
			r.Request = &rpc.StartEgressRequest_Replay{Replay: &livekit.ExportReplayRequest{
				Source:  &livekit.ExportReplayRequest_Template{Template: &livekit.TemplateSource{}},
				Outputs: []*livekit.Output{{Config: &livekit.Output_File{}}},
			}}
		}, psrpc.InvalidArgument, "replay export is not yet supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conf := testConfig()
			req := parse(t, "room", `{"room_name": "room", "file_outputs": [{"filepath": "a"}]}`)
			tt.change(conf, req)
			_, err := New(conf, req)
			wantError(t, err, tt.code, tt.want)
		})
	}
}
