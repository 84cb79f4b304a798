package outputs

import "net/url"

// parseSocket takes any WebSocket address that can be parsed at all, as LiveKit Egress does.
func parseSocket(raw string) (StreamURL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return StreamURL{}, &URLError{Reason: "it cannot be parsed"}
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), "xxxxx")
	}
	if u.RawQuery != "" {
		u.RawQuery = redactValues(u.RawQuery)
	}
	u.Fragment = ""
	return StreamURL{Protocol: PCM, Socket: raw, id: raw, redacted: u.String()}, nil
}

// addSocket adds the texts of a WebSocket's address that must not be seen anywhere.
func addSocket(raw string, add func(string)) {
	u, err := url.Parse(raw)
	if err != nil {
		return
	}
	password, _ := u.User.Password()
	add(password)
	for _, values := range u.Query() {
		for _, v := range values {
			add(v)
		}
	}
}
