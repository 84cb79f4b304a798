package config

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/ffegress/ffegress/browser/gate"
)

// WebEgress says what pages that requests name may reach: names, *.names, addresses, prefixes, "loopback" and "private".
type WebEgress struct {
	// AllowHosts, when not empty, are the only ones; DenyHosts never are, and go first.
	AllowHosts []string `yaml:"allow_hosts,omitempty"`
	DenyHosts  []string `yaml:"deny_hosts,omitempty"`
}

// proxyFlags are flags of Chromium that take pages past the gate.
var proxyFlags = []string{"proxy-server", "no-proxy-server", "proxy-pac-url", "proxy-auto-detect", "proxy-bypass-list"}

// Reach is the same as package browser takes it, with the ports of this process that no page has to do with. Its rules
// were found to be valid when they were read.
func (c *Config) Reach() *gate.Policy {
	p := &gate.Policy{Allow: hostRules(c.WebEgress.AllowHosts), Deny: hostRules(c.WebEgress.DenyHosts)}
	for _, port := range []int{c.HealthPort, c.PrometheusPort, c.DebugHandlerPort, c.ControlPort, c.redisHere()} {
		if port != 0 {
			p.Ports = append(p.Ports, port)
		}
	}
	return p
}

// redisHere is the port of a Redis on this machine, 0 for none.
func (c *Config) redisHere() int {
	if c.Redis == nil {
		return 0
	}
	host, port, err := net.SplitHostPort(c.Redis.Address)
	if err != nil {
		return 0
	}
	if a, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !a.IsLoopback()) {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}

func hostRules(texts []string) (list []gate.Rule) {
	for _, text := range texts {
		if r, err := gate.ParseRule(text); err == nil {
			list = append(list, r)
		}
	}
	return list
}

func (w WebEgress) validate(flags ChromeFlags, bad func(string, string, ...any)) {
	for _, l := range []struct {
		key   string
		hosts []string
	}{{"web_egress.allow_hosts", w.AllowHosts}, {"web_egress.deny_hosts", w.DenyHosts}} {
		for _, text := range l.hosts {
			if _, err := gate.ParseRule(text); err != nil {
				bad(l.key, "%v", err)
			}
		}
		for _, name := range proxyFlags {
			if _, ok := flags[name]; ok && len(l.hosts) > 0 {
				bad(l.key, "cannot hold while chrome_flags has %s: pages would not go through ffegress", name)
			}
		}
	}
}
