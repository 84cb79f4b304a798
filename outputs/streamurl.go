package outputs

import (
	"cmp"
	"log/slog"
	"net"
	"net/url"
	"strings"
)

// StreamProtocol is how a stream is sent.
type StreamProtocol string

const (
	RTMP StreamProtocol = "rtmp" // FLV, with or without TLS
	SRT  StreamProtocol = "srt"  // MPEG-TS
	PCM  StreamProtocol = "pcm"  // sound alone, over a WebSocket
)

// Hints for whoever gives a wrong url.
const (
	rtmpFormat = "rtmp urls must be of format rtmp(s)://{host}(/{path})/{app}/{stream_key}( live=1)"
	srtFormat  = "srt urls must be of format srt://{host}:{port}(?streamid=…&passphrase=…)"
)

const (
	rtmpPort  = "1935"
	rtmpsPort = "443"
	// muxIngest is Mux's global ingest, mux://KEY for short.
	muxIngest = "global-live.mux.com:443/app/"
	// twitchIngests ends the names of Twitch's ingest hosts.
	twitchIngests = ".contribute.live-video.net"

	// maxStreamField bounds app, key and SRT options: ffmpeg reads its options in lines of less than 1000 bytes.
	maxStreamField = 900
)

// URLError says what is wrong with a stream's url. It names nothing of the url, which may hold secrets.
type URLError struct {
	Reason  string
	Unknown bool // the scheme is no stream's
}

func (e *URLError) Error() string { return e.Reason }

// StreamURL is where a stream goes. Printed or logged it shows no secret.
type StreamURL struct {
	Protocol StreamProtocol
	// Address is host:port to connect to, ServerName the host alone.
	Address, ServerName string

	TLS       bool   // RTMP over TLS
	App       string // RTMP application, with its query
	TCURL     string // RTMP tcUrl: the address as it was given, and the application
	Key       string // RTMP stream key, with its query; may be empty
	Twitch    bool   // the address is Twitch's to choose; see Ingests.Resolve
	User      string // of an RTMP server that asks who publishes
	Password  string
	SRTOption map[string]string // ffmpeg's options of the srt protocol
	Socket    string            // a WebSocket's address, with its secrets; nothing else is set then but Protocol

	id       string // what makes two urls the same
	redacted string
}

// String is the url without stream key, passphrase, stream id, password and query values.
func (u StreamURL) String() string { return u.redacted }

// GoString keeps %#v from showing more.
func (u StreamURL) GoString() string { return u.redacted }

// LogValue keeps a log from showing more.
func (u StreamURL) LogValue() slog.Value { return slog.StringValue(u.redacted) }

// Same reports whether both lead to the same stream: mux:// and twitch:// are as good as what they stand for.
func (u StreamURL) Same(v StreamURL) bool { return u.id == v.id }

// Secrets are the texts that must not be seen anywhere.
func (u StreamURL) Secrets() []string {
	var all []string
	add := func(s string) {
		if len(s) > 2 { // less is no secret, and would redact half of every text
			all = append(all, s)
		}
	}
	add(u.Key)
	if key, _, ok := strings.Cut(u.Key, "?"); ok {
		add(key)
	}
	for _, text := range []string{u.App, u.Key} {
		_, query, _ := strings.Cut(text, "?")
		for part := range strings.SplitSeq(query, "&") {
			_, value, _ := strings.Cut(part, "=")
			add(value)
		}
	}
	add(u.Password)
	for _, name := range []string{srtStreamID, srtPassphrase} {
		add(u.SRTOption[name])
	}
	addSocket(u.Socket, add)
	return all
}

// ParseStreamURL reads rtmp, rtmps, mux, twitch, srt, ws and wss urls. The error is a *URLError.
func ParseStreamURL(raw string) (StreamURL, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return StreamURL{}, &URLError{Reason: "invalid protocol", Unknown: true}
	}
	rest, live := strings.CutSuffix(rest, " live=1") // what librtmp was told; nothing else is sent anyway
	if strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return StreamURL{}, &URLError{Reason: "it holds a space or a control character"}
	}
	switch scheme {
	case "rtmp", "rtmps":
		u, err := parseRTMP(scheme, rest)
		if err == nil && live {
			u.redacted += " live=1"
		}
		return u, err
	case "mux":
		u, err := parseRTMP("rtmps", muxIngest+rest)
		if rest == "" || err != nil || u.Key != rest {
			return StreamURL{}, &URLError{Reason: "mux urls must be of format mux://{stream_key}"}
		}
		return u, nil
	case "twitch":
		return twitchURL(rest)
	case "srt":
		return parseSRT(rest)
	case "ws", "wss":
		return parseSocket(raw)
	}
	return StreamURL{}, &URLError{Reason: "invalid scheme", Unknown: true}
}

// RedactStreamURL is a stream's url, right or wrong, as it may be shown to whoever gave it: mux and twitch stay what they
// are, and of what cannot be read only the scheme stays.
func RedactStreamURL(raw string) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	if scheme == "mux" || scheme == "twitch" {
		return scheme + "://" + redactKey(rest)
	}
	if u, err := ParseStreamURL(raw); err == nil {
		return u.String()
	}
	if host, query, ok := strings.Cut(rest, "?"); ok && scheme == "srt" && !strings.ContainsAny(host, "@#/") {
		return scheme + "://" + host + "?" + redactValues(query)
	}
	return scheme + "://{url}"
}

// parseRTMP takes host(/path)/app/key. The key is what follows the last slash before the query, or the last slash of
// all where the application itself has a query.
func parseRTMP(scheme, rest string) (StreamURL, error) {
	bad := &URLError{Reason: rtmpFormat}
	authority, path, ok := strings.Cut(rest, "/")
	if !ok {
		return StreamURL{}, bad
	}
	before, _, _ := strings.Cut(path, "?")
	at := strings.LastIndexByte(before, '/')
	if at < 0 {
		at = strings.LastIndexByte(path, '/')
	}
	if at <= 0 {
		return StreamURL{}, bad
	}
	u := StreamURL{Protocol: RTMP, TLS: scheme == "rtmps", App: path[:at], Key: path[at+1:]}
	if len(u.Key) > maxStreamField || u.App[0] == '/' {
		return StreamURL{}, bad
	}
	host, err := url.Parse(scheme + "://" + authority)
	if err != nil || host.Hostname() == "" || host.Path != "" || host.RawQuery != "" || host.Fragment != "" {
		return StreamURL{}, bad
	}
	port := rtmpPort
	if u.TLS {
		port = rtmpsPort
	}
	u.ServerName = host.Hostname()
	u.Address = net.JoinHostPort(u.ServerName, cmp.Or(host.Port(), port))
	if host.User != nil {
		u.User = host.User.Username()
		u.Password, _ = host.User.Password()
		host.User = nil
	}
	if u.TCURL = host.String() + "/" + u.App; len(u.TCURL) > maxStreamField {
		return StreamURL{}, bad
	}
	shown := host.Host
	if u.User != "" || u.Password != "" {
		shown = url.User(u.User).String() + ":xxxxx@" + shown
	}
	u.redacted = scheme + "://" + shown + "/" + redactApp(u.App) + "/" + redactKey(u.Key)
	u.id = scheme + "://" + rest
	if strings.HasSuffix(u.ServerName, twitchIngests) && u.App == "app" {
		u.Twitch, u.id = true, "twitch://"+u.Key
	}
	return u, nil
}

// redactKey keeps three, two or one characters on each side of what has at least nine, six or three.
func redactKey(key string) string {
	show := min(len(key)/3, 3)
	return "{" + key[:show] + "..." + key[len(key)-show:] + "}"
}

// redactApp blanks the values of an application's query.
func redactApp(app string) string {
	path, query, ok := strings.Cut(app, "?")
	if !ok {
		return app
	}
	return path + "?" + redactValues(query)
}

// redactValues blanks the values of a query and keeps its names and their order.
func redactValues(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		if name, _, ok := strings.Cut(part, "="); ok {
			parts[i] = name + "={...}"
		} else if part != "" {
			parts[i] = "{...}"
		}
	}
	return strings.Join(parts, "&")
}
