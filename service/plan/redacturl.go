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
	blankUser(u)
	u.RawQuery = redactQuery(u.RawQuery, func(string) bool { return true })
	return u.String()
}

// redactPage blanks a user's password in the address of a page, and the query values that their names call secret. The
// rest stays: by it an API's client knows what is recorded.
func redactPage(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "{url}"
	}
	clean := *u
	blankUser(&clean)
	clean.RawQuery = redactQuery(u.RawQuery, namesSecret)
	if clean == *u {
		return raw
	}
	return clean.String()
}

func blankUser(u *url.URL) {
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), blankPassword)
	}
}

// namesSecret tells whether a value called so is likely one.
func namesSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"token", "secret", "passw", "signature", "jwt", "apikey", "api_key", "api-key", "credential"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// redactQuery keeps the keys and their order, and the values of those that are not secret.
func redactQuery(query string, secret func(key string) bool) string {
	if query == "" {
		return ""
	}
	parts := strings.Split(query, "&")
	for i, p := range parts {
		if key, _, ok := strings.Cut(p, "="); ok && secret(key) {
			parts[i] = key + "={...}"
		}
	}
	return strings.Join(parts, "&")
}
