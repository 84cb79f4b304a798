package browser

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTemplateServer(t *testing.T) {
	s := &TemplateServer{Addr: "127.0.0.1:0"}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if res, err := http.Get(s.URL()); err == nil {
			_ = res.Body.Close()
			t.Error("still serves after Close")
		}
	}()
	for path, want := range map[string]string{
		"/?layout=grid": `<script src="room.js"`, "/room.js": "START_RECORDING", "/room.css": "object-fit:contain",
	} {
		res, err := http.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d, %v, lacks %q", path, res.StatusCode, err, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestTemplateServerIsPrivate(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "nonsense"} {
		s := &TemplateServer{Addr: addr}
		if err := s.Start(); err == nil {
			_ = s.Close(t.Context())
			t.Errorf("%s is served", addr)
		}
	}
}

// TestTemplateErrors opens the real page without what it needs, and for a
// server that is not there.
func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	s := &TemplateServer{Addr: "127.0.0.1:0"}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	room, err := RoomURL(s.URL(), "grid", "ws://"+freePort(t), "averysecrettokenvalue")
	if err != nil {
		t.Fatal(err)
	}
	for url, text := range map[string]string{
		s.URL(): "template error: the page needs the query parameters url and token",
		room:    "template error: could not establish signal connection",
	} {
		o := testOptions(t)
		o.Video, o.Audio = false, false
		b := launch(t, o)
		err := b.Open(t.Context(), url, true)
		if err == nil {
			await(t, "failure", b.Failed())
			err = b.Err()
		}
		t.Log(err)
		var pageErr *PageError
		if !errors.As(err, &pageErr) || !pageErr.Template || !strings.HasPrefix(err.Error(), text) {
			t.Errorf("error is %v, want %s", err, text)
		}
		if strings.Contains(err.Error(), "averysecret") {
			t.Error("the token is told")
		}
	}
}

func TestRoomURL(t *testing.T) {
	cases := []struct{ base, layout, ws, token, want string }{
		{"http://localhost:7980", "grid", "wss://lk.example", "t", "http://localhost:7980?layout=grid&token=t&url=wss%3A%2F%2Flk.example"},
		{"https://a.example/r/?x=1&y=a%20b", "speaker-light", "ws://l:7880", "t.t", "https://a.example/r/?layout=speaker-light&token=t.t&url=ws%3A%2F%2Fl%3A7880&x=1&y=a+b"},
		{"https://a.example/?layout=mine#top", "", "ws://l", "t", "https://a.example/?layout=&token=t&url=ws%3A%2F%2Fl#top"},
		{"ftp://a.example", "", "", "", ""},
		{"a.example", "", "", "", ""},
		{"http://[", "", "", "", ""},
	}
	for _, c := range cases {
		got, err := RoomURL(c.base, c.layout, c.ws, c.token)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", c.base, got, err)
		}
	}
}
