package browser

import (
	"fmt"
	"net/url"
)

// SoundOnlyURL is the built-in template's base with a query by which it takes no pictures (look.ts).
func SoundOnlyURL(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("template base url: %w", err)
	}
	query := u.Query()
	query.Set("sound", "only")
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// RoomURL makes the address of a room page: base with its own query kept, and
// layout, url (the server's WebSocket address) and token set, as templates for
// LiveKit Egress expect them. The token is a secret, so the result is one too.
func RoomURL(base, layout, wsURL, token string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("template base url: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("template base url: %q is not an http address", u.Redacted())
	}
	query := u.Query()
	query.Set("layout", layout)
	query.Set("url", wsURL)
	query.Set("token", token)
	u.RawQuery = query.Encode()
	return u.String(), nil
}
