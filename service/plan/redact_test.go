package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// TestRedactRequests fills every field of every request type with something secret, and wants none of it to come
// through where a secret may stand.
func TestRedactRequests(t *testing.T) {
	const s3 = `"s3": {"access_key": "hush1", "secret": "hush2", "session_token": "hush3", "assume_role_external_id": "hush4",
		"assume_role_arn": "arn", "bucket": "b", "proxy": {"url": "http://u:hush5@p/?k=hush6", "username": "u", "password": "hush7"}}`
	const gcp = `"gcp": {"credentials": "hush1", "bucket": "b", "proxy": {"password": "hush2"}}`
	const azure = `"azure": {"account_name": "hush1", "account_key": "hush2", "container_name": "c"}`
	const ali = `"aliOSS": {"access_key": "hush1", "secret": "hush2", "bucket": "b"}`
	const outputs = `"file_outputs": [{` + s3 + `}, {` + gcp + `}], "segment_outputs": [{` + azure + `}, {` + ali + `}],
		"image_outputs": [{` + s3 + `}, {` + gcp + `}], "stream_outputs": [{"urls": ["rtmp://h/a/hushhushhush", "mux://hushhushhush",
		"srt://h:1?streamid=hush&passphrase=hush"]}, {"urls": ["wss://h/p?a=hush"]}]`
	const v2 = `"outputs": [{"file": {}, "storage": {` + s3 + `}}, {"stream": {"urls": ["twitch://hushhushhush"]}},
		{"segments": {` + gcp + `}}, {"images": {` + ali + `}, "storage": {` + azure + `}}], "storage": {` + s3 + `}`
	for kind, body := range map[string]string{
		"room":            `{` + outputs + `, "file": {` + s3 + `}, "custom_base_url": "https://u:hush@h/?authToken=hush"}`,
		"web":             `{` + outputs + `, "segments": {` + s3 + `}, "url": "https://u:hush@h/p?a=1&access_token=hush"}`,
		"participant":     `{` + outputs + `}`,
		"track-composite": `{` + outputs + `, "stream": {"urls": ["rtmp://h/a/hushhushhush live=1"]}}`,
		"track":           `{"file": {` + s3 + `}}`,
		"egress":          `{` + v2 + `, "template": {"custom_base_url": "https://u:hush@h/"}}`,
		"egress, web":     `{` + v2 + `, "web": {"url": "https://u:hush@h/?api_key=hush"}}`,
	} {
		t.Run(kind, func(t *testing.T) {
			kind, _, _ := strings.Cut(kind, ", ")
			req := parse(t, kind, body)
			req.Token = "hush"
			before := proto.CloneOf(req)
			out := protojson.Format(Redact(req))
			if strings.Contains(out, "hush") {
				t.Errorf("a secret came through:\n%s", out)
			}
			if !proto.Equal(before, req) {
				t.Error("the request itself was changed")
			}
		})
	}
	track := parse(t, "track", `{"websocket_url": "wss://h/p?token=hush&x"}`)
	if got := Redact(track).GetTrack().GetWebsocketUrl(); got != "wss://h/p?token={...}&x" {
		t.Errorf("websocket url %s", got)
	}
	replay := &rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Replay{Replay: &livekit.ExportReplayRequest{
		Storage: &livekit.StorageConfig{Provider: &livekit.StorageConfig_Gcp{Gcp: &livekit.GCPUpload{Credentials: "hush"}}},
	}}}
	if got := Redact(replay).GetReplay().GetStorage().GetGcp().GetCredentials(); got != "{credentials}" {
		t.Errorf("replay: %s", got)
	}
	if Redact(&rpc.StartEgressRequest{}).GetToken() != "" {
		t.Error("an empty token was given a value")
	}
}

// TestRedactKnowsEverySecret compares the upload messages with what redactUpload changes: a field that the protocol
// calls secret and that is new must not slip through.
func TestRedactKnowsEverySecret(t *testing.T) {
	for _, u := range []*livekit.StorageConfig{
		{Provider: &livekit.StorageConfig_S3{S3: &livekit.S3Upload{}}},
		{Provider: &livekit.StorageConfig_Gcp{Gcp: &livekit.GCPUpload{}}},
		{Provider: &livekit.StorageConfig_Azure{Azure: &livekit.AzureBlobUpload{}}},
		{Provider: &livekit.StorageConfig_AliOSS{AliOSS: &livekit.AliOSSUpload{}}},
	} {
		var m protoreflect.Message
		u.ProtoReflect().Range(func(_ protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			m = v.Message()
			return false
		})
		fields := m.Descriptor().Fields()
		secret := map[string]bool{}
		for i := range fields.Len() {
			f := fields.Get(i)
			if f.Kind() == protoreflect.StringKind && f.Cardinality() != protoreflect.Repeated {
				m.Set(f, protoreflect.ValueOfString("hush"))
				secret[string(f.Name())] = strings.Contains(fmt.Sprint(f.Options()), "SENSITIVITY_SECRET")
			}
		}
		if !slices.Contains(slices.Collect(maps.Values(secret)), true) {
			t.Errorf("%s has no secret field: does this test still see them?", m.Descriptor().Name())
		}
		redactUpload(u)
		for i := range fields.Len() {
			f := fields.Get(i)
			if secret[string(f.Name())] && m.Get(f).String() != "{"+string(f.Name())+"}" {
				t.Errorf("%s.%s became %q", m.Descriptor().Name(), f.Name(), m.Get(f).String())
			}
		}
	}
}

func TestRedactURL(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"rtmp://host/app/abcdefghi", "rtmp://host/app/{abc...ghi}"},
		{"rtmps://host:443/a/b/abcdef", "rtmps://host:443/a/b/{ab...ef}"},
		{"rtmp://host/app/abc live=1", "rtmp://host/app/{a...c} live=1"},
		{"rtmp://host/app/ab", "rtmp://host/app/{...}"},
		{"rtmp://secret", "rtmp://{url}"},
		{"mux://abcdefghi", "mux://{abc...ghi}"},
		{"twitch://live_1234567", "twitch://{liv...567}"},
		{"srt://h:9?mode=caller&passphrase=x", "srt://h:9?mode={...}&passphrase={...}"},
		{"srt://h:9?streamid=#!::u=hush,m=publish&passphrase=hushhushhush", "srt://h:9?streamid={...}&passphrase={...}"},
		{"srt://h:9?streamid=#!::u=hush&passphrase=short", "srt://h:9?streamid={...}&passphrase={...}"},
		{"srt://h:9#hush", "srt://{url}"},
		{"rtmp://host/app?token=hush/key", "rtmp://host/app?token={...}/{k...y}"},
		{"rtmp://u:hush@host/app/key", "rtmp://u:xxxxx@host/app/{k...y}"},
		{"wss://u:p@h/x?y", "wss://u:xxxxx@h/x?y"},
		{"rtpm://u:p@h/app/key", "rtpm://h/{...}"},
		{"ws://a b", "ws://{url}"},
		{"secret", "{url}"},
	} {
		if got := redactURL(tt.url); got != tt.want {
			t.Errorf("%s became %s, want %s", tt.url, got, tt.want)
		}
	}
}

func TestRedactPage(t *testing.T) {
	for raw, want := range map[string]string{
		"":                          "",
		"https://h/a?b=c#d":         "https://h/a?b=c#d",
		"https://h/A%2fb?b=%7Bc%7D": "https://h/A%2fb?b=%7Bc%7D",
		"https://user@h/":           "https://user@h/",
		"https://user:hush@h/":      "https://user:xxxxx@h/",
		"https://h/?room=a&Access-Token=hush&signature=hush&x": "https://h/?room=a&Access-Token={...}&signature={...}&x",
		"https://h/?password=hush#top":                         "https://h/?password={...}#top",
		"https://u:hush@h:port/":                               "{url}",
	} {
		if got := redactPage(raw); got != want {
			t.Errorf("redactPage(%q) = %q, want %q", raw, got, want)
		}
	}
}
