package main

import "testing"

func TestOwnTemplate(t *testing.T) {
	for _, c := range []struct{ base, want string }{
		{"http://localhost:7980/", "http://127.0.0.1:1234/"},
		{"http://localhost:7980/?names=true&fit=cover", "http://127.0.0.1:1234/?names=true&fit=cover"},
		{"http://localhost:7981/", "http://localhost:7981/"},
		{"https://templates.example.com/room?x=1", "https://templates.example.com/room?x=1"},
	} {
		if got := ownTemplate(c.base, 7980, "http://127.0.0.1:1234"); got != c.want {
			t.Errorf("%s: %s, want %s", c.base, got, c.want)
		}
	}
}
