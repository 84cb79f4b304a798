package plan

import (
	"net/url"
	"slices"
	"strings"

	"github.com/ffegress/ffegress/outputs"
)

// blankPassword stands for a user's password.
const blankPassword = "xxxxx"

// redactURL blanks what is secret in a url: an RTMP stream key, mux's and Twitch's keys, all query values, and a
// user's password. Of another scheme only the host stays, because it is likely a mistyped one of these; of what
// cannot be parsed only the scheme.
func redactURL(raw string) string {
	scheme, _, ok := strings.Cut(raw, "://")
	if !ok {
		return "{url}"
	}
	switch scheme {
	case "mux", "twitch", "rtmp", "rtmps", "srt":
		return outputs.RedactStreamURL(raw)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return scheme + "://{url}"
	}
	if !slices.Contains([]string{"ws", "wss", "http", "https"}, scheme) {
		return scheme + "://" + u.Host + "/{...}"
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), blankPassword)
	}
	u.RawQuery = redactQuery(u.RawQuery)
	return u.String()
}

// redactQuery keeps the keys and their order.
func redactQuery(query string) string {
	if query == "" {
		return ""
	}
	parts := strings.Split(query, "&")
	for i, p := range parts {
		if key, _, ok := strings.Cut(p, "="); ok {
			parts[i] = key + "={...}"
		}
	}
	return strings.Join(parts, "&")
}
