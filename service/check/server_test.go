package check

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ffegress/ffegress/integration/rig"
)

func TestServerFaults(t *testing.T) {
	answers := func(status int, body, location string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := answers(404, "", "")
	for _, c := range []struct {
		name, ws      string
		status        Status
		found, remedy string
	}{
		{"unset", "", Fail, "not set", "set ws_url (or LIVEKIT_WS_URL)"},
		{"answers", answers(200, "OK", ""), OK, "livekit-server answers", ""},
		{"not ready", answers(406, "Not Ready", ""), Warn, "not ready", "its log"},
		{"another server", plain, Fail, "status 404) is no livekit-server", "set ws_url"},
		{"sends on", answers(301, "", "https://elsewhere.test/?x="+secret), Fail, "sends on to https://elsewhere.test/", "set ws_url to that address"},
		{"refused", "ws://user:" + secret + "@127.0.0.1:1", Fail, "127.0.0.1:1: connection refused", "start livekit-server"},
		{"no host", "ws://does-not-exist.invalid", Fail, "does-not-exist.invalid: DNS", "resolv.conf"},
		{"unknown authority", "wss" + secure.URL[len("https"):], Fail, "TLS: the certificate is signed by an authority", "ca-certificates"},
		{"no tls", "wss" + plain[len("http"):], Fail, "does not speak TLS", "ws://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("LIVEKIT_WS_URL", "")
			want(t, checkServer(t.Context(), about(t, fmt.Sprintf("ws_url: %q", c.ws))), c.status, c.found, c.remedy)
		})
	}
}

// TestSilence: what accepts connections and says nothing ends with the patience.
func TestSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	s := about(t, fmt.Sprintf("ws_url: ws://%s\nredis: {address: %q}", addr, addr))
	s.patience = 200 * time.Millisecond
	for _, name := range []string{"ws_url", "redis"} {
		for _, c := range configured {
			if c.name == name {
				want(t, c.bounded(t.Context(), s), Fail, addr+": no answer within 200ms", "firewalls")
			}
		}
	}
}

func TestKeyFaults(t *testing.T) {
	for _, name := range []string{"LIVEKIT_WS_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"} {
		t.Setenv(name, "")
	}
	late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer late.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	const keys = "api_key: k\napi_secret: " + secret + "\n"
	for _, c := range []struct {
		name, conf    string
		status        Status
		found, remedy string
	}{
		{"no key", "api_secret: s", Fail, "api_key is not set", "keys section"},
		{"no secret", "api_key: k", Fail, "api_secret is not set", "api_secret_file"},
		{"no url", keys, Warn, "not checked", ""},
		{"nobody there", keys + "ws_url: ws://127.0.0.1:1", Warn, "not checked", ""},
		{"another server", keys + "ws_url: " + other.URL, Warn, "no livekit-server", ""},
		{"clock", keys + "ws_url: " + late.URL, Fail, "refuses the token, and its clock is", "timedatectl"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want(t, checkKey(t.Context(), about(t, c.conf)), c.status, c.found, c.remedy)
		})
	}
}

// TestLiveKit asks a real livekit-server.
func TestLiveKit(t *testing.T) {
	r, err := rig.Start(t.Context(), rig.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	conf := func(key, secret string) *subject {
		return about(t, fmt.Sprintf("api_key: %s\napi_secret: %s\nws_url: %s\nredis: {address: %q}", key, secret, r.LiveKit.WS(), r.Redis.Addr))
	}
	good := conf(rig.APIKey, rig.APISecret)
	want(t, checkServer(t.Context(), good), OK, "livekit-server answers", "")
	want(t, checkKey(t.Context(), good), OK, "accepts "+rig.APIKey, "")
	want(t, checkRedis(t.Context(), good), OK, "a livekit-server listens on it", "")
	want(t, checkKey(t.Context(), conf("nobody", secret)), Fail, "does not know the key nobody", "keys section")
	want(t, checkKey(t.Context(), conf(rig.APIKey, secret)), Fail, "api_secret is not that of "+rig.APIKey, "keys section")
}
