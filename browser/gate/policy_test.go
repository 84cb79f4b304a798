package gate

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func rules(t *testing.T, texts ...string) (list []Rule) {
	t.Helper()
	for _, text := range texts {
		r, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func TestParseRule(t *testing.T) {
	for _, text := range []string{
		"", "*", "*.", ".", "a..b", "http://example.com", "example.com:80", "a b", "a*b", "user@host", "1.2.3.4/33", "::ffff:10.0.0.0/104",
	} {
		if r, err := ParseRule(text); err == nil || !strings.Contains(err.Error(), "want ") {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
	for text, host := range map[string]string{
		"Example.COM.": "example.com", "*.example.com": "a.b.example.com", "bücher.example": "xn--bcher-kva.example", "my_service": "MY_SERVICE.",
	} {
		if !rules(t, text)[0].matchesName(host) {
			t.Errorf("%q is not %q", text, host)
		}
	}
	for text, addr := range map[string]string{
		"[::1]": "::1", "fe80::1": "fe80::1", "10.0.0.0/8": "10.255.0.1", "::ffff:10.0.0.1": "10.0.0.1", "2001:db8::/32": "2001:db8::1",
		"loopback": "127.9.9.9", "private": "fd12::1",
	} {
		if r := rules(t, text)[0]; !r.matches(netip.MustParseAddr(addr)) || r.matchesName("") {
			t.Errorf("%q is not %s", text, addr)
		}
	}
}

// TestReserved: no form of an address leads to what no page has to do with, whatever else is allowed.
func TestReserved(t *testing.T) {
	for text, refused := range map[string]bool{
		"169.254.169.254":          true,
		"169.254.0.1":              true,
		"::ffff:169.254.169.254":   true,
		"::169.254.169.254":        true,
		"::ffff:0:a9fe:a9fe":       true,
		"64:ff9b::a9fe:a9fe":       true,
		"64:ff9b:1::a9fe:a9fe":     true,
		"64:ff9b:1:a9fe:a9:fe00::": true,
		"64:ff9b:1:fea9:fe:a9fe::": true,
		"2002:a9fe:a9fe::1":        true,
		"fe80::1":                  true,
		"fe80::1%eth0":             true,
		"fd00:ec2::254":            true,
		"fd20:ce::254":             true,
		"fd00:c1::a9fe:a9fe":       true,
		"100.100.100.200":          true,
		"168.63.129.16":            true,
		"192.0.0.192":              true,
		"224.0.0.1":                true,
		"ff02::1":                  true,
		"255.255.255.255":          true,
		"0.1.2.3":                  true,
		"0.0.0.0":                  false, // this machine
		"::":                       false,
		"127.0.0.1":                false,
		"::1":                      false,
		"10.0.0.1":                 false,
		"192.0.2.1":                false,
		"2001:db8::1":              false,
		"100.100.100.201":          false,
		"64:ff9b::c000:201":        false,
	} {
		at := netip.AddrPortFrom(netip.MustParseAddr(text), 80)
		for _, p := range []Policy{{}, {Allow: rules(t, "host", "0.0.0.0/0", "::/0")}} {
			if err := p.check("host", at); (err != nil) != refused || err != nil && !errors.Is(err, ErrRefused) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

func TestPolicy(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    Policy
		host string
		at   string
		ok   bool
	}{
		{"denied by name", Policy{Deny: rules(t, "bad.example")}, "BAD.example.", "192.0.2.1:443", false},
		{"below a denied name", Policy{Deny: rules(t, "bad.example")}, "www.bad.example", "192.0.2.1:443", true},
		{"denied with all below", Policy{Deny: rules(t, "*.bad.example")}, "www.bad.example", "192.0.2.1:443", false},
		{"the name itself is not below", Policy{Deny: rules(t, "*.bad.example")}, "bad.example", "192.0.2.1:443", true},
		{"the end of another name", Policy{Deny: rules(t, "*.bad.example")}, "notbad.example", "192.0.2.1:443", true},
		{"another name for a denied address", Policy{Deny: rules(t, "192.0.2.0/24")}, "good.example", "192.0.2.1:443", false},
		{"the same in IPv6", Policy{Deny: rules(t, "192.0.2.0/24")}, "good.example", "[::ffff:192.0.2.1]:443", false},
		{"the same through NAT64", Policy{Deny: rules(t, "192.0.2.0/24")}, "good.example", "[64:ff9b::192.0.2.1]:443", false},
		{"this machine by its other address", Policy{Deny: rules(t, "loopback")}, "x", "0.0.0.0:80", false},
		{"this machine in IPv6", Policy{Deny: rules(t, "loopback")}, "x", "[::]:80", false},
		{"not allowed", Policy{Allow: rules(t, "good.example")}, "other.example", "192.0.2.1:443", false},
		{"allowed", Policy{Allow: rules(t, "good.example")}, "good.example", "192.0.2.1:443", true},
		{"allowed by address", Policy{Allow: rules(t, "192.0.2.0/24")}, "any.example", "192.0.2.1:443", true},
		{"allowed by another address", Policy{Allow: rules(t, "192.0.2.0/24")}, "any.example", "198.51.100.1:443", false},
		{"allowed name, reserved address", Policy{Allow: rules(t, "good.example")}, "good.example", "169.254.169.254:80", false},
		{"allowed reserved address", Policy{Allow: rules(t, "169.254.10.0/24")}, "printer.example", "169.254.10.1:80", true},
		{"another reserved address", Policy{Allow: rules(t, "169.254.10.0/24")}, "printer.example", "169.254.169.254:80", false},
		{"deny goes first", Policy{Allow: rules(t, "*.example"), Deny: rules(t, "bad.example")}, "bad.example", "192.0.2.1:443", false},
		{"a port of ours", Policy{Ports: []int{9090}}, "localhost", "127.0.0.1:9090", false},
		{"a port of ours in IPv6", Policy{Ports: []int{9090}}, "localhost", "[::1]:9090", false},
		{"a port of ours at 0.0.0.0", Policy{Ports: []int{9090}}, "0.0.0.0", "0.0.0.0:9090", false},
		{"another port", Policy{Ports: []int{9090}}, "localhost", "127.0.0.1:9091", true},
		{"the same port elsewhere", Policy{Ports: []int{9090}}, "x.example", "192.0.2.1:9090", true},
		{"always", Policy{Deny: rules(t, "loopback"), Always: []string{"localhost:7880"}}, "LOCALHOST", "127.0.0.1:7880", true},
		{"always, another port", Policy{Deny: rules(t, "loopback"), Always: []string{"localhost:7880"}}, "localhost", "127.0.0.1:7881", false},
	} {
		err := tt.p.check(tt.host, netip.MustParseAddrPort(tt.at))
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestCheckURL(t *testing.T) {
	p := Policy{Allow: rules(t, "good.example", "*.good.example"), Deny: rules(t, "bad.good.example"), Always: []string{"sfu.example:443"}}
	for raw, want := range map[string]string{
		"http://good.example/":             "",
		"https://www.good.example:8443/":   "",
		"wss://sfu.example/rtc":            "",
		"ws://sfu.example/rtc":             "sfu.example: web_egress does not allow it (allow_hosts)",
		"http://bad.good.example":          "bad.good.example: web_egress does not allow it (deny_hosts)",
		"http://169.254.169.254/":          "169.254.169.254: web_egress does not allow it (link-local or a metadata service)",
		"http://[::ffff:169.254.169.254]/": "::ffff:169.254.169.254: web_egress does not allow it (link-local or a metadata service)",
		"http://[fe80::1%25eth0]/":         "fe80::1%eth0: web_egress does not allow it (link-local or a metadata service)",
		"http://127.0.0.1/":                "127.0.0.1: web_egress does not allow it (allow_hosts)",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.CheckURL(u); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
}

// FuzzReserved: whatever the bytes of an address are, the four that are a metadata service are not reached by a prefix
// that carries them, and no address has a panic.
func FuzzReserved(f *testing.F) {
	f.Add([]byte{0, 100, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254}, "x.example")
	f.Add([]byte{127, 0, 0, 1}, "*.a")
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		if r, err := ParseRule(text); err == nil && r.name == "" && len(r.prefixes) == 0 {
			t.Errorf("%q is an empty rule", text)
		}
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		refused := (Policy{}).check("host", netip.AddrPortFrom(a, 80)) != nil
		if link := a.Unmap(); link.IsLinkLocalUnicast() && !refused {
			t.Errorf("%s is reached", a)
		}
		if all := (Policy{Deny: rules(t, "0.0.0.0/0", "::/0")}).check("host", netip.AddrPortFrom(a, 80)); all == nil {
			t.Errorf("%s is not denied", a)
		}
	})
}
