package gate

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
)

// ErrRefused is what a page may not reach.
var ErrRefused = errors.New("web_egress does not allow it")

// Policy says what pages may reach. The zero value refuses only what no page has to do with: link-local addresses and
// the metadata services of clouds. With Page it refuses what is nearer than the page, too.
type Policy struct {
	// Allow, when not empty, are the only hosts that are reached, Deny those that never are. Deny goes first. A name is
	// itself; with "*." in front it is all below it. An address or a prefix ("10.0.0.0/8") is what is dialled, whatever
	// its name.
	Allow, Deny []Rule
	// Page is the host of the page; see origin. "" = it may be anywhere.
	Page string
	// Ports of this machine's loopback that are never reached: the recorder's own.
	Ports []int
	// Always are "host:port" that are reached whatever the rules say: the server that a room's page joins.
	Always []string
}

// CheckURL looks at an address before anything is started for it. What is found later is found by the gate.
func (p Policy) CheckURL(u *url.URL) error {
	port := portOf(u)
	addr, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return p.checkName(u.Hostname(), port)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil // no such port: nothing is reached there
	}
	return p.check(u.Hostname(), netip.AddrPortFrom(addr, uint16(number)))
}

// checkName looks at a name before it is resolved. Where rules are about addresses that is not the last word.
func (p Policy) checkName(host, port string) error {
	if p.always(host, port) {
		return nil
	}
	if slices.ContainsFunc(p.Deny, func(r Rule) bool { return r.matchesName(host) }) {
		return refused(host, "deny_hosts")
	}
	if len(p.Allow) == 0 {
		return nil
	}
	for _, r := range p.Allow {
		if r.matchesName(host) || len(r.prefixes) > 0 {
			return nil
		}
	}
	return refused(host, "allow_hosts")
}

// check looks at one connection: the name that was asked for and the address that it turned out to be.
func (p Policy) check(host string, at netip.AddrPort) error {
	if p.always(host, strconv.Itoa(int(at.Port()))) {
		return nil
	}
	named := len(p.Allow) == 0
	for _, r := range p.Allow {
		named = named || r.matchesName(host)
	}
	for _, a := range meanings(at.Addr()) {
		if err := p.checkAddr(host, a, int(at.Port()), named); err != nil {
			return err
		}
	}
	return nil
}

// checkAddr looks at one meaning of the address. named tells that the name alone may be reached.
func (p Policy) checkAddr(host string, a netip.Addr, port int, named bool) error {
	for _, r := range p.Deny {
		if r.matchesName(host) || r.matches(a) {
			return refused(host, "deny_hosts")
		}
	}
	if a.IsLoopback() && slices.Contains(p.Ports, port) {
		return refused(host, "a port of ffegress itself")
	}
	if within(a, reserved) && !slices.ContainsFunc(p.Allow, func(r Rule) bool { return r.means(a, reserved) }) {
		return refused(host, "link-local or a metadata service")
	}
	if !named && !slices.ContainsFunc(p.Allow, func(r Rule) bool { return r.matches(a) }) {
		return refused(host, "allow_hosts")
	}
	return nil
}

// refused is what is told of a host.
func refused(host, why string) error { return fmt.Errorf("%s: %w (%s)", host, ErrRefused, why) }

func (p Policy) always(host, port string) bool {
	return len(p.Always) > 0 && slices.Contains(p.Always, endpoint(host, port))
}

// endpoint is "host:port" in one spelling.
func endpoint(host, port string) string {
	return net.JoinHostPort(fold(host), port)
}

// Endpoint is "host:port" of a URL, as Always and [Gate.Failure] have it.
func Endpoint(u *url.URL) string { return endpoint(u.Hostname(), portOf(u)) }

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https" || u.Scheme == "wss":
		return "443"
	}
	return "80"
}
