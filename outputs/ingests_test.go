package outputs

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func twitch(t *testing.T, raw string) StreamURL {
	t.Helper()
	u, err := ParseStreamURL(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestIngests(t *testing.T) {
	asked := 0
	answer := `{"ingests": [
		{"url_template": "rtmp://sea.example/app/{stream_key}", "url_template_secure": "rtmps://sea.example:443/app/{stream_key}"},
		{"url_template": "rtmp://fra.example/app/{stream_key}"}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	list := &Ingests{URL: server.URL, Client: server.Client()}
	for _, raw := range []string{"twitch://live_1_abc", "rtmp://fra02.contribute.live-video.net/app/live_1_abc"} {
		u := list.Resolve(t.Context(), twitch(t, raw))
		if u.Address != "sea.example:443" || !u.TLS || u.String() != "rtmps://sea.example:443/app/{liv...abc}" || u.Key != "live_1_abc" {
			t.Errorf("%s became %s at %s", raw, u, u.Address)
		}
		if !u.Same(twitch(t, raw)) {
			t.Errorf("%s is not found again", raw)
		}
	}
	other := twitch(t, "rtmp://h/app/key")
	if u := list.Resolve(t.Context(), other); u.Address != other.Address || u.Key != other.Key {
		t.Errorf("%s became %s", other, u)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestIngestsFallBack(t *testing.T) {
	fail := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if fail {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"ingests": [{"url_template": "rtmp://sea.example/app/{stream_key}"}]}`))
	}))
	defer server.Close()
	list := &Ingests{URL: server.URL, Client: server.Client()}
	fail = true
	if u := list.Resolve(t.Context(), twitch(t, "twitch://key")); u.String() != "rtmps://ingest.global-contribute.live-video.net:443/app/{k...y}" {
		t.Errorf("without a list: %s", u)
	}
	list.next = time.Time{}
	given := "rtmp://fra02.contribute.live-video.net/app/key"
	if u := list.Resolve(t.Context(), twitch(t, given)); u.Address != "fra02.contribute.live-video.net:1935" {
		t.Errorf("without a list: %s", u)
	}
	fail, list.next = false, time.Time{}
	if u := list.Resolve(t.Context(), twitch(t, "twitch://key")); u.Address != "sea.example:1935" {
		t.Errorf("with a list: %s", u)
	}
	fail, list.next = true, time.Time{}
	if u := list.Resolve(t.Context(), twitch(t, "twitch://key")); u.Address != "sea.example:1935" {
		t.Errorf("with an old list: %s", u)
	}
}

// silent is a server that never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

func TestIngestsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, begin := &Ingests{Client: &http.Client{Transport: silent{}}}, time.Now()
		u := list.Resolve(t.Context(), twitch(t, "twitch://key"))
		if took := time.Since(begin); took != ingestTimeout || u.Address == "" {
			t.Errorf("%s after %v", u, took)
		}
		begin = time.Now()
		if list.Resolve(t.Context(), twitch(t, "twitch://other")); time.Since(begin) != 0 {
			t.Errorf("asked again at once, for %v", time.Since(begin))
		}
	})
}

func FuzzIngestList(f *testing.F) {
	f.Add([]byte(`{"ingests": [{"url_template_secure": "rtmps://h/app/{stream_key}"}]}`))
	f.Add([]byte(`{"ingests": [{"url_template": "file:///app/{stream_key}"}, null, {}]}`))
	f.Fuzz(func(t *testing.T, list []byte) {
		template, err := firstIngest(list)
		if err != nil {
			return
		}
		u, err := twitchTo(template, "live_1_abc")
		if err != nil || u.Key != "live_1_abc" || u.Address == "" {
			t.Errorf("%q: %v, %s", template, err, u)
		}
	})
}
