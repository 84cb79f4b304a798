package config

import (
	"net/url"
	"testing"
)

func TestWebEgress(t *testing.T) {
	c, warnings, err := Load([]byte(`
health_port: 1001
prometheus_port: 1002
debug_handler_port: 1003
control_port: 1004
redis: {address: "localhost:1005"}
web_egress:
  allow_hosts: ["*.example.com", loopback]
  deny_hosts: [bad.example.com]
`))
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	for raw, ok := range map[string]bool{
		"https://www.example.com/": true,
		"https://bad.example.com/": false,
		"https://127.0.0.1/":       true,
		"http://127.0.0.1:1001/":   false,
		"http://127.0.0.1:1002/":   false,
		"http://127.0.0.1:1003/":   false,
		"http://127.0.0.1:1004/":   false,
		"http://127.0.0.1:1005/":   false,
		"http://[::1]:1005/":       false,
		"http://192.0.2.1/":        false,
		"http://169.254.169.254/":  false,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Reach().CheckURL(u); (err == nil) != ok {
			t.Errorf("%s: %v", raw, err)
		}
	}
	for address, want := range map[string]int{"127.0.0.1:6379": 6379, "[::1]:7": 7, "10.0.0.1:6379": 0, "redis:6379": 0, "": 0} {
		if got := (&Config{Redis: &Redis{Address: address}}).redisHere(); got != want {
			t.Errorf("%q: %d, want %d", address, got, want)
		}
	}
}
