package check

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/livekit/protocol/auth"
)

// answer is as much of an HTTP answer as is looked at.
type answer struct {
	status int
	header http.Header
	body   string
}

// client follows no redirect: what joins over WebSocket does not either.
var client = &http.Client{
	Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func send(ctx context.Context, method, target, token string, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	return answer{res.StatusCode, res.Header, string(text)}, err
}

// apiURL is ws_url as http or https, without a slash at its end; shown has no password.
func apiURL(ws string) (base, shown string, err error) {
	u, err := url.Parse(ws)
	if err != nil {
		return "", "", fmt.Errorf("it is no url")
	}
	u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	base = strings.TrimSuffix(u.String(), "/")
	u.RawQuery = ""
	return base, u.Redacted(), nil
}

const setServer = "set ws_url (or LIVEKIT_WS_URL) to livekit-server's address, such as wss://livekit.example.com or ws://127.0.0.1:7880"

// checkServer asks whether livekit-server answers at ws_url.
func checkServer(ctx context.Context, s *subject) []Result {
	if s.conf.WSURL == "" {
		return fail("not set", setServer)
	}
	base, shown, err := apiURL(s.conf.WSURL)
	if err != nil {
		return fail(err.Error(), setServer)
	}
	a, err := send(ctx, http.MethodGet, base+"/", "", nil)
	if err != nil {
		return s.unreachable(shown, err, "start livekit-server, or "+setServer)
	}
	switch {
	case a.status == http.StatusOK && strings.TrimSpace(a.body) == "OK":
		return ok("livekit-server answers at %s", shown)
	case a.status == http.StatusNotAcceptable:
		return warn(fmt.Sprintf("the livekit-server at %s says that it is not ready", shown), "look at its log and at its Redis")
	case a.status >= 300 && a.status < 400:
		return fail(fmt.Sprintf("%s sends on to %s, which WebSocket clients do not follow", shown, location(a)), "set ws_url to that address, with ws or wss for http or https")
	}
	return fail(fmt.Sprintf("what answers at %s (status %d) is no livekit-server", shown, a.status), setServer)
}

func location(a answer) string {
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		return "another address"
	}
	u.RawQuery = ""
	return u.Redacted()
}

// unreachable names why an address does not answer.
func (s *subject) unreachable(shown string, err error, remedy string) []Result {
	fault, known := faultOf(err, s.patience)
	if !known {
		// net/url's errors begin with the request.
		text := oneLine(err)
		if i := strings.LastIndex(text, `": `); i >= 0 {
			text = text[i+3:]
		}
		return fail(shown+": "+text, remedy)
	}
	if strings.HasPrefix(fault.found, "TLS") && fault.remedy == "" {
		fault.remedy = "use a certificate that this machine trusts for that name (apt install ca-certificates), or ws:// for a server without TLS"
	}
	if fault.remedy == "" {
		fault.remedy = remedy
	}
	return fail(shown+": "+fault.found, fault.remedy)
}

const (
	tokenLife = time.Minute
	clockSkew = 30 * time.Second
)

// checkKey asks livekit-server for its rooms with a token of its own making.
func checkKey(ctx context.Context, s *subject) []Result {
	c := s.conf
	const remedy = "take api_key and api_secret from the keys section of livekit-server's configuration"
	switch {
	case c.APIKey == "":
		return fail("api_key is not set", "set api_key or LIVEKIT_API_KEY; "+remedy)
	case c.APISecret == "":
		return fail("api_secret is not set", "set api_secret, api_secret_file or LIVEKIT_API_SECRET; "+remedy)
	case c.WSURL == "":
		return warn("not checked: ws_url is not set", "")
	}
	token, err := auth.NewAccessToken(c.APIKey, c.APISecret.Reveal()).SetIdentity("ffegress-check").SetValidFor(tokenLife).
		SetVideoGrant(&auth.VideoGrant{RoomList: true}).ToJWT()
	if err != nil {
		return fail("no token can be made of them", remedy)
	}
	base, _, err := apiURL(c.WSURL)
	if err != nil {
		return warn("not checked: ws_url is no url", "")
	}
	a, err := send(ctx, http.MethodPost, base+"/twirp/livekit.RoomService/ListRooms", token, []byte("{}"))
	switch {
	case err != nil:
		return warn("not checked: livekit-server does not answer", "")
	case a.status == http.StatusOK:
		return ok("livekit-server accepts %s", c.APIKey)
	case a.status != http.StatusUnauthorized:
		return warn(fmt.Sprintf("not checked: what answers (status %d) is no livekit-server", a.status), "")
	}
	if skew, known := skewOf(a); known && skew.Abs() > clockSkew {
		return fail(fmt.Sprintf("livekit-server refuses the token, and its clock is %v off this machine's", skew.Round(time.Second)), "set the clock of both machines (timedatectl set-ntp true)")
	}
	if strings.Contains(a.body, "invalid API key") {
		return fail(fmt.Sprintf("livekit-server does not know the key %s", c.APIKey), remedy)
	}
	return fail(fmt.Sprintf("livekit-server refuses the token: api_secret is not that of %s", c.APIKey), remedy)
}

// skewOf is how much later than here it is on the server.
func skewOf(a answer) (time.Duration, bool) {
	at, err := http.ParseTime(a.header.Get("Date"))
	return time.Until(at), err == nil
}
