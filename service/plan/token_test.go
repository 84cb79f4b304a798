package plan

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
)

func TestToken(t *testing.T) {
	conf := testConfig()
	req := parse(t, "room", `{"room_name": "my room", "layout": "grid-light", "file_outputs": [{}]}`)
	p, err := New(conf, req)
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.ParseAPIToken(p.Source.Token.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	claims, grants, err := v.Verify(conf.APISecret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if v.APIKey() != conf.APIKey || grants.Identity != "EG_test" ||
		grants.GetParticipantKind() != livekit.ParticipantInfo_EGRESS {
		t.Errorf("key %s, identity %s, kind %s", v.APIKey(), grants.Identity, grants.Kind)
	}
	g := grants.Video
	if !g.RoomJoin || g.Room != "my room" || !g.GetCanSubscribe() || g.GetCanPublish() || g.GetCanPublishData() ||
		!g.Hidden || !g.Recorder || g.RoomAdmin || g.RoomCreate || g.RoomList || g.RoomRecord {
		t.Errorf("grant %+v", g)
	}
	if left := time.Until(claims.ExpiresAt.Time); left < 23*time.Hour+59*time.Minute || left > 24*time.Hour {
		t.Errorf("valid for %v", left)
	}

	page, err := p.Source.PageURL()
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Host != "localhost:7980" || q.Get("layout") != "grid-light" || q.Get("url") != conf.WSURL ||
		q.Get("token") != p.Source.Token.Reveal() {
		t.Errorf("page %s", page)
	}
}

// TestConnection has where token, server and page come from.
func TestConnection(t *testing.T) {
	conf := testConfig()
	conf.APIKey, conf.WSURL, conf.TemplatePort = "", "", 7980
	req := parse(t, "room", `{"room_name": "r", "custom_base_url": "https://h/p?theme=x", "file_outputs": [{}]}`)
	req.Token, req.WsUrl = "their-token", "wss://theirs"
	p, err := New(conf, req)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.Source.Renewed(); err != nil || again.Token != p.Source.Token {
		t.Errorf("the request's own token was replaced (%v)", err)
	}
	page, err := p.Source.PageURL()
	if want := "https://h/p?layout=&theme=x&token=their-token&url=wss%3A%2F%2Ftheirs"; err != nil || page != want {
		t.Errorf("page %s (%v)", page, err)
	}

	for _, c := range []struct{ base, want string }{
		{"http://localhost:7980/", "http://localhost:7980/?layout=&sound=only&token=their-token&url=wss%3A%2F%2Ftheirs"},
		{"https://h/p", "https://h/p?layout=&token=their-token&url=wss%3A%2F%2Ftheirs"},
	} {
		req := parse(t, "room", fmt.Sprintf(`{"room_name": "r", "audio_only": true, "custom_base_url": %q, "file_outputs": [{}]}`, c.base))
		req.Token, req.WsUrl = "their-token", "wss://theirs"
		p, err := New(conf, req)
		if err != nil {
			t.Fatal(err)
		}
		if page, err := p.Source.PageURL(); err != nil || page != c.want {
			t.Errorf("sound only: page %s (%v), want %s", page, err, c.want)
		}
	}

	web, err := New(conf, parse(t, "web", `{"url": "https://x/y?z#a", "file_outputs": [{}]}`))
	if err != nil {
		t.Fatalf("Web needs no room: %v", err)
	}
	if page, err := web.Source.PageURL(); err != nil || page != "https://x/y?z#a" || web.Source.Token != "" {
		t.Errorf("page %s (%v)", page, err)
	}
}
