package outputs

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
)

func TestParseStreamURL(t *testing.T) {
	for _, c := range []struct {
		raw                        string
		address, app, key, shown   string
		tls                        bool
		tcURL, user, password, via string
	}{
		{raw: "rtmp://h/app/stream-key-1", address: "h:1935", app: "app", key: "stream-key-1", shown: "rtmp://h/app/{str...y-1}", tcURL: "rtmp://h/app"},
		{raw: "rtmps://h/app/sixsix", address: "h:443", app: "app", key: "sixsix", shown: "rtmps://h/app/{si...ix}", tls: true, tcURL: "rtmps://h/app"},
		{raw: "rtmp://h:1/a/b/key", address: "h:1", app: "a/b", key: "key", shown: "rtmp://h:1/a/b/{k...y}", tcURL: "rtmp://h:1/a/b"},
		{raw: "rtmp://h/app/", address: "h:1935", app: "app", key: "", shown: "rtmp://h/app/{...}", tcURL: "rtmp://h/app"},
		{raw: "rtmp://h/app/ab live=1", address: "h:1935", app: "app", key: "ab", shown: "rtmp://h/app/{...} live=1", tcURL: "rtmp://h/app"},
		{raw: "rtmp://h/app/key?sig=a/b/c", address: "h:1935", app: "app", key: "key?sig=a/b/c", shown: "rtmp://h/app/{key...b/c}", tcURL: "rtmp://h/app"},
		{raw: "rtmp://h/app?vhost=x&t=1/key", address: "h:1935", app: "app?vhost=x&t=1", key: "key", shown: "rtmp://h/app?vhost={...}&t={...}/{k...y}", tcURL: "rtmp://h/app?vhost=x&t=1"},
		{raw: "rtmp://u:p%40ss@h:2/app/key", address: "h:2", app: "app", key: "key", shown: "rtmp://u:xxxxx@h:2/app/{k...y}", tcURL: "rtmp://h:2/app", user: "u", password: "p@ss"},
		{raw: "rtmp://[::1]:2/app/key", address: "[::1]:2", app: "app", key: "key", shown: "rtmp://[::1]:2/app/{k...y}", tcURL: "rtmp://[::1]:2/app"},
		{raw: "mux://some-mux-key", address: "global-live.mux.com:443", app: "app", key: "some-mux-key", shown: "rtmps://global-live.mux.com:443/app/{som...key}", tls: true, tcURL: "rtmps://global-live.mux.com:443/app"},
		{raw: "twitch://live_1_abc", address: "ingest.global-contribute.live-video.net:443", app: "app", key: "live_1_abc", shown: "twitch://{liv...abc}", tls: true, tcURL: "rtmps://ingest.global-contribute.live-video.net:443/app"},
	} {
		u, err := ParseStreamURL(c.raw)
		if err != nil {
			t.Errorf("%s: %v", c.raw, err)
			continue
		}
		if u.Protocol != RTMP || u.Address != c.address || u.App != c.app || u.Key != c.key || u.TLS != c.tls || u.TCURL != c.tcURL ||
			u.User != c.user || u.Password != c.password {
			t.Errorf("%s: %q %q %q %t %q %q %q", c.raw, u.Address, u.App, u.Key, u.TLS, u.TCURL, u.User, u.Password)
		}
		if u.String() != c.shown {
			t.Errorf("%s is shown as %s, want %s", c.raw, u, c.shown)
		}
	}
}

func TestParseSocket(t *testing.T) {
	for raw, shown := range map[string]string{
		"ws://h":                              "ws://h",
		"wss://h:1/a/b?token=hush&x&y=":       "wss://h:1/a/b?token={...}&{...}&y={...}",
		"wss://user:hush@h/p?token=hush#hush": "wss://user:xxxxx@h/p?token={...}",
	} {
		u, err := ParseStreamURL(raw)
		if err != nil || u.Protocol != PCM || u.Socket != raw || u.String() != shown || RedactStreamURL(raw) != shown {
			t.Errorf("%s: %v, %q, %s, want %s", raw, err, u.Socket, u, shown)
		}
		if again, _ := ParseStreamURL(raw); !again.Same(u) {
			t.Errorf("%s is not itself", raw)
		}
	}
	if _, err := ParseStreamURL("ws://h:hush"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
}

func TestParseSRT(t *testing.T) {
	for raw, want := range map[string]struct {
		shown  string
		option map[string]string
	}{
		"srt://h:9000":  {"srt://h:9000", map[string]string{}},
		"srt://h:9000/": {"srt://h:9000", map[string]string{}},
		"srt://h:9000?streamid=#!::r=a,m=publish&passphrase=hush%20hush%26&latency=120&mode=caller&else=1": {
			"srt://h:9000?streamid={...}&passphrase={...}&latency={...}&mode={...}&else={...}",
			map[string]string{"srt_streamid": "#!::r=a,m=publish", "passphrase": "hush hush&", "latency": "120000"},
		},
		"srt://h:1?pbkeylen=32&enforcedencryption=false&maxbw=-1": {
			"srt://h:1?pbkeylen={...}&enforcedencryption={...}&maxbw={...}",
			map[string]string{"pbkeylen": "32", "enforced_encryption": "0", "maxbw": "-1"},
		},
	} {
		u, err := ParseStreamURL(raw)
		if err != nil || u.Protocol != SRT || u.String() != want.shown || !maps.Equal(u.SRTOption, want.option) {
			t.Errorf("%s: %v, %s, %q", raw, err, u, u.SRTOption)
		}
	}
}

func TestStreamURLRefused(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                  "invalid protocol",
		"hush":                              "invalid protocol",
		"ftp://h/a/hush":                    "invalid scheme",
		"rtmp://":                           rtmpFormat,
		"rtmp://h":                          rtmpFormat,
		"rtmp://h/app":                      rtmpFormat,
		"rtmp:///app/hush":                  rtmpFormat,
		"rtmp://h//hush":                    rtmpFormat,
		"rtmp://h:port/app/hush":            rtmpFormat,
		"rtmp://h/app/a hush":               "it holds a space or a control character",
		"rtmp://h/app/a\nhush":              "it holds a space or a control character",
		"mux://":                            "mux urls must be of format mux://{stream_key}",
		"mux://a/b":                         "mux urls must be of format mux://{stream_key}",
		"twitch://":                         "twitch urls must be of format twitch://{stream_key}",
		"twitch://a/b":                      "twitch urls must be of format twitch://{stream_key}",
		"srt://h":                           srtFormat,
		"srt://u:hush@h:1":                  srtFormat,
		"srt://h:1?passphrase=hush":         "passphrase must have 10 to 79 characters",
		"srt://h:1?passphrase=hushhush%0Ah": "passphrase must have 10 to 79 characters",
		"srt://h:1?streamid=a%0Dhush":       "streamid is too long or holds a control character",
		"srt://h:1?mode=listener":           "only mode=caller is supported",
		"srt://h:1?latency=hush":            "latency must be a number",
	} {
		_, err := ParseStreamURL(raw)
		var refused *URLError
		if !errors.As(err, &refused) || err.Error() != want {
			t.Errorf("%s: %v, want %s", raw, err, want)
		}
	}
	long := strings.Repeat("k", 1000)
	for _, raw := range []string{"rtmp://h/app/" + long, "rtmp://h/" + long + "/k", "srt://h:1?streamid=" + long} {
		if _, err := ParseStreamURL(raw); err == nil {
			t.Errorf("taken: a url with a field of %d characters", len(long))
		}
	}
}

func TestSameStream(t *testing.T) {
	parse := func(raw string) StreamURL {
		u, err := ParseStreamURL(raw)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"mux://key", "rtmps://global-live.mux.com:443/app/key", true},
		{"twitch://key", "rtmp://sea.contribute.live-video.net/app/key", true},
		{"twitch://key", "twitch://other", false},
		{"rtmp://h/app/key", "rtmp://h/app/key live=1", true},
		{"rtmp://h/app/key", "rtmps://h/app/key", false},
		{"srt://h:1?streamid=a", "srt://h:1?streamid=b", false},
	} {
		if a, b := parse(c.a), parse(c.b); a.Same(b) != c.same {
			t.Errorf("%s and %s: the same is %t", c.a, c.b, !c.same)
		}
	}
}

// FuzzStreamURL: nothing that is a secret comes through in what is printed, and nothing that is taken would break out
// of a line of ffmpeg's options.
func FuzzStreamURL(f *testing.F) {
	for _, raw := range []string{
		"rtmp://u:p@h:1/a/b/key?sig=1", "rtmps://h/app?x=y/key", "mux://key", "twitch://key", "srt://h:1?streamid=#!::a&passphrase=0123456789",
		"rtmp://sea.contribute.live-video.net/app/key", "://", "rtmp://h/app/key live=1",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := ParseStreamURL(raw)
		if err != nil {
			var refused *URLError
			if !errors.As(err, &refused) {
				t.Fatalf("%T", err)
			}
			return
		}
		shown := fmt.Sprintf("%v %+v %#v %s", u, u, u, u)
		for _, secret := range u.Secrets() {
			// A secret of a few characters may be part of the host, and half of one is meant to be seen.
			if len(secret) >= 9 && strings.Contains(shown, secret) && !strings.Contains(u.Address+u.App, secret) {
				t.Errorf("%q shows %q: %s", raw, secret, shown)
			}
		}
		fields := []string{u.App, u.Key, u.TCURL}
		for _, v := range u.SRTOption {
			fields = append(fields, v)
		}
		for _, field := range fields {
			if strings.ContainsAny(field, "\r\n\x00") || len(field) > maxStreamField {
				t.Errorf("%q: field %q", raw, field)
			}
		}
		if again, err := ParseStreamURL(raw); err != nil || !again.Same(u) {
			t.Errorf("%q is not the same as itself: %v", raw, err)
		}
	})
}
