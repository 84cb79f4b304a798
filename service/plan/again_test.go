package plan

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/service/config"
)

// TestAgain: what is left of a request in EgressInfo is enough, or is not.
func TestAgain(t *testing.T) {
	const named = `"file_outputs": [{"filepath": "a/x{retry}.mp4"%}]`
	room := func(more string) string { return `{"room_name": "r", ` + more + `}` }
	file := func(store string) string { return room(strings.Replace(named, "%", store, 1)) }
	for _, c := range []struct {
		name, kind, body string
		want             string // the error's text
	}{
		{"room", "room", file(""), ""},
		{"generated name", "room", room(`"file_outputs": [{}]`), ""},
		{"generated name in a folder", "room", room(`"file_outputs": [{"filepath": "a/"}]`), ""},
		{"participant", "participant", room(`"identity": "p", ` + strings.Replace(named, "%", "", 1)), ""},
		{"tracks", "track-composite", room(`"audio_track_id": "TR_a", ` + strings.Replace(named, "%", "", 1)), ""},
		{"segments", "room", room(`"segment_outputs": [{"filename_prefix": "s{retry}", "playlist_name": "l{retry}.m3u8"}]`), ""},
		{"role of the machine", "room", file(`, "s3": {"bucket": "b", "region": "x", "assume_role_arn": "arn"}`), ""},
		{"account of the machine", "room", file(`, "gcp": {"bucket": "b", "proxy": {"url": "http://proxy:3128"}}`), ""},

		{"web", "web", `{"url": "http://h/", "file_outputs": [{}]}`, errAgainKind.Error()},
		{"track", "track", `{"room_name": "r", "track_id": "TR_x", "file": {}}`, errAgainKind.Error()},
		{"v2", "egress", `{"room_name": "r", "template": {}, "outputs": [{"file": {}}]}`, errAgainKind.Error()},
		{"page with token", "room", room(`"custom_base_url": "https://h/?token=t", "file_outputs": [{"filepath": "f-{retry}"}]`), errAgainPage.Error()},
		{"page with password", "room", room(`"custom_base_url": "https://u:p@h/", "file_outputs": [{"filepath": "f-{retry}"}]`), errAgainPage.Error()},
		{"s3", "room", file(`, "s3": {"access_key": "k", "secret": "s", "bucket": "b"}`), errAgainStore.Error()},
		{"s3, session", "room", file(`, "s3": {"session_token": "t", "bucket": "b"}`), errAgainStore.Error()},
		{"s3, role with id", "room", file(`, "s3": {"bucket": "b", "assume_role_arn": "arn", "assume_role_external_id": "e"}`), errAgainStore.Error()},
		{"gcp", "room", file(`, "gcp": {"credentials": "{}", "bucket": "b"}`), errAgainStore.Error()},
		{"azure", "room", file(`, "azure": {"account_name": "a", "account_key": "a2V5", "container_name": "c"}`), errAgainStore.Error()},
		{"alioss", "room", file(`, "aliOSS": {"access_key": "k", "secret": "s", "bucket": "b", "endpoint": "e"}`), errAgainStore.Error()},
		{"proxy with password", "room", file(`, "gcp": {"bucket": "b", "proxy": {"url": "http://u:p@proxy:3128"}}`), errAgainStore.Error()},
		{"proxy with key", "room", file(`, "gcp": {"bucket": "b", "proxy": {"url": "http://proxy:3128/?k=v"}}`), errAgainStore.Error()},
		{"proxy and password", "room", file(`, "gcp": {"bucket": "b", "proxy": {"url": "http://proxy:3128", "username": "u", "password": "p"}}`), errAgainStore.Error()},
		{"images elsewhere", "room", room(`"file_outputs": [{}], "image_outputs": [{"azure": {"account_name": "a", "account_key": "a2V5", "container_name": "c"}}]`), errAgainStore.Error()},
		{"stream", "room", room(`"file_outputs": [{}], "stream_outputs": [{"protocol": 1, "urls": ["rtmp://h/live/key"]}]`), errAgainStreams.Error()},
		{"the same name", "room", room(`"file_outputs": [{"filepath": "x.mp4"}]`), errRetry().Error()},
		{"the same playlist", "room", room(`"segment_outputs": [{"filename_prefix": "s{retry}", "playlist_name": "l.m3u8"}]`), errRetry().Error()},
		{"the same images", "room", room(`"image_outputs": [{"filename_prefix": "i"}]`), errRetry().Error()},
	} {
		conf := testConfig()
		conf.S3AssumeRoleKey, conf.S3AssumeRoleSecret = "k", "s"
		p, err := New(conf, parse(t, c.kind, c.body))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		req, err := Again(p.Info)
		if c.want != "" {
			if err == nil || err.Error() != c.want {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		next, err := New(conf, req)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if next.EgressID != p.EgressID || next.Info.RetryCount != 1 || next.Type != p.Type || next.RoomName != "r" ||
			next.File.Path != "" && next.File.Path == p.File.Path || next.Segments != nil && next.Segments.Names == p.Segments.Names {
			t.Errorf("%s: %+v", c.name, next)
		}
	}
}

// TestContinue: a continuation is the same egress, of which nothing is where the try before has it.
func TestContinue(t *testing.T) {
	conf := testConfig()
	conf.SessionLimits = config.SessionLimits{FileOutputMaxDuration: time.Hour}
	first, err := New(conf, parse(t, "room", `{"room_name": "r;s", "layout": "grid", "file_outputs": [{"filepath": "{room_name}{retry}.mp4"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	was := first.Info
	was.StartedAt, was.Status, was.Details = begun.UnixNano(), livekit.EgressStatus_EGRESS_ACTIVE, "Disk space low: x"
	next := func(heard time.Time) (*Plan, error) {
		req, err := Again(was)
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(conf, req)
		if err != nil {
			t.Fatal(err)
		}
		return p, p.Continue(was, heard)
	}
	second, err := next(begun.Add(20 * time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	const told = resumed + "what was recorded until 12:20:00 UTC (r_s.mp4) is delivered if its node comes back"
	if i := second.Info; i.StartedAt != was.StartedAt || i.Details != told || i.Status != livekit.EgressStatus_EGRESS_STARTING {
		t.Errorf("%v", i)
	}
	if second.MaxDuration != 40*time.Minute {
		t.Errorf("%v are left of its limit", second.MaxDuration)
	}
	if filepath.Base(second.WorkDir) != "EG_test~1" || second.Manifests()[0].Name != "EG_test~1.json" || first.Manifests()[0].Name != "EG_test.json" {
		t.Errorf("%s, %v", second.WorkDir, second.Manifests())
	}

	was = second.Info
	third, err := next(begun.Add(50 * time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if want := told + "; " + resumed + "what was recorded until 12:50:00 UTC (r_s1.mp4) is delivered if its node comes back"; third.Info.Details != want {
		t.Errorf("details %q", third.Info.Details)
	}
	if _, err := next(begun.Add(time.Hour)); !errors.Is(err, errAgainLimit) {
		t.Errorf("beyond its limit: %v", err)
	}
}

// TestIdentity: the first try of tracks, if it still is in the room, is not to be thrown out; a page is looked for by the
// egress' id.
func TestIdentity(t *testing.T) {
	for _, c := range []struct{ kind, body, want string }{
		{"room", `{"room_name": "r", "file_outputs": [{}]}`, "EG_test"},
		{"room", `{"room_name": "r", "audio_only": true, "file_outputs": [{}]}`, "EG_test~1"},
		{"participant", `{"room_name": "r", "identity": "p", "file_outputs": [{}]}`, "EG_test~1"},
	} {
		req := parse(t, c.kind, c.body)
		req.RetryCount = 1
		p, err := New(testConfig(), req)
		if err != nil {
			t.Fatal(err)
		}
		v, err := auth.ParseAPIToken(p.Source.Token.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if v.Identity() != c.want {
			t.Errorf("%s %s: it joins as %s", c.kind, c.body, v.Identity())
		}
	}
}

func TestTryName(t *testing.T) {
	for _, c := range []struct {
		retries int32
		want    string
	}{{0, "EG_a"}, {-1, "EG_a"}, {1, "EG_a~1"}, {12, "EG_a~12"}} {
		if got := TryName("EG_a", c.retries); got != c.want || EgressOf(got) != "EG_a" {
			t.Errorf("%d: %s, of %s", c.retries, got, EgressOf(got))
		}
	}
}
