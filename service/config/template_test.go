package config

import "testing"

func TestBuiltinTemplate(t *testing.T) {
	c := &Config{TemplatePort: 7980}
	for base, want := range map[string]bool{
		"http://localhost:7980/":                     true,
		"http://localhost:7980":                      true,
		"http://127.0.0.1:7980/?fit=cover&names=1":   true,
		"https://localhost:7980/":                    false,
		"http://localhost:7981/":                     false,
		"http://localhost:7980/other":                false,
		"http://template.example:7980/":              false,
		"http://localhost/":                          false,
		"":                                           false,
		"http://[":                                   false,
		"http://localhost:7980@template.example/":    false,
		"http://localhost.template.example:7980/":    false,
		"http://user:password@template.example:7980": false,
	} {
		if got := c.BuiltinTemplate(base); got != want {
			t.Errorf("%q: %v", base, got)
		}
	}
}
