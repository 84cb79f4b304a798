package config

import (
	"net/url"
	"slices"
	"strconv"
)

// BuiltinTemplate tells whether a base URL is that of our own room template, whatever its query.
func (c *Config) BuiltinTemplate(base string) bool {
	u, err := url.Parse(base)
	return err == nil && u.Scheme == "http" && u.Port() == strconv.Itoa(c.TemplatePort) &&
		slices.Contains([]string{"localhost", "127.0.0.1"}, u.Hostname()) && (u.Path == "" || u.Path == "/")
}
