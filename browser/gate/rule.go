package gate

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// Rule is a name, a name with everything below it, or addresses.
type Rule struct {
	name     string
	below    bool
	prefixes []netip.Prefix // of addresses; none for a name
}

// ParseRule reads "example.com", "*.example.com", "192.0.2.1", "192.0.2.0/24", "loopback" or "private".
func ParseRule(text string) (Rule, error) {
	if list, ok := groups[text]; ok {
		return Rule{prefixes: list}, nil
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		if p.Addr().Is4In6() {
			return Rule{}, fmt.Errorf("want the prefix in its IPv4 form, got %q", text)
		}
		return Rule{prefixes: []netip.Prefix{p.Masked()}}, nil
	}
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
		a = plain(a)
		return Rule{prefixes: []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}}, nil
	}
	name, below := strings.CutPrefix(text, "*.")
	if name = normal(name); !isName(name) {
		return Rule{}, fmt.Errorf("want a host, *.host, an address, a prefix, loopback or private, got %q", text)
	}
	return Rule{name: name, below: below}, nil
}

// normal is a host's name as rules compare it and browsers send it: in ASCII, small letters, without the root's dot.
func normal(host string) string {
	host = strings.TrimSuffix(host, ".")
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return strings.ToLower(host) // such as a name with a low line
}

// isName tells whether a normal name can be one.
func isName(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

func (r Rule) matchesName(host string) bool {
	if r.name == "" {
		return false
	}
	if r.below {
		return strings.HasSuffix(normal(host), "."+r.name)
	}
	return normal(host) == r.name
}

func (r Rule) matches(a netip.Addr) bool { return within(a, r.prefixes) }

// means tells whether a rule for addresses was written for this one of a list: its prefix lies within one of the list.
func (r Rule) means(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range r.prefixes {
		if !p.Contains(a) {
			continue
		}
		for _, q := range list {
			if q.Contains(a) && q.Bits() <= p.Bits() {
				return true
			}
		}
	}
	return false
}
