package gate

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dialWait bounds a connection's making with all addresses of its name. A page load has 30 s.
const dialWait = 15 * time.Second

// dial connects to what the policy lets through. It is asked about the name, and about each address that is dialled, at
// the moment it is: between the look and the connection nothing is resolved.
func (g *Gate) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialWait, Resolver: g.resolver}
	if policy := g.policy.Load(); policy != nil {
		if err := policy.checkName(host, port); err != nil {
			return nil, err
		}
		d.ControlContext = func(_ context.Context, _, at string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(at)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrRefused, err)
			}
			if err := g.origin.check(policy, host, to); err != nil {
				return err
			}
			return policy.check(host, to)
		}
	}
	if strings.HasSuffix(fold(host), ".localhost") {
		address = net.JoinHostPort("localhost", port) // RFC 6761, as browsers have it
	}
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if to, err := netip.ParseAddrPort(c.RemoteAddr().String()); err == nil {
		g.origin.reached(host, to.Addr())
	}
	return c, nil
}

// inspect looks at an address that an upstream proxy will dial: its name, and what that is here, if it is anything. The
// proxy may know better; the last word is its own.
func (g *Gate) inspect(ctx context.Context, u *url.URL) error {
	policy := g.policy.Load()
	if policy == nil {
		return nil
	}
	if err := policy.CheckURL(u); err != nil {
		return err
	}
	number, err := strconv.ParseUint(portOf(u), 10, 16)
	if err != nil {
		return fmt.Errorf("port: %w", err)
	}
	port := uint16(number)
	resolver := g.resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	addrs, err := resolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		addrs = []netip.Addr{unknown}
	}
	for _, a := range addrs {
		at := netip.AddrPortFrom(a, port)
		if err := cmp.Or(g.origin.check(policy, u.Hostname(), at), policy.check(u.Hostname(), at)); err != nil {
			return err
		}
	}
	for _, a := range addrs {
		g.origin.reached(u.Hostname(), a)
	}
	return nil
}

// lookWait bounds the look at a name that is not known here.
const lookWait = 2 * time.Second

// unknown stands for an address that no rule has, far away: only the name can let it through (RFC 5737).
var unknown = netip.MustParseAddr("192.0.2.0")
