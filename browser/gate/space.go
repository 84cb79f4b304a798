package gate

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// space is how far from this machine an address is.
type space int

const (
	nowhere space = iota // not known yet
	here                 // the loopback
	near                 // a private network, or one that is link-local
	far
)

// spaceOf is the nearest that an address may lead to.
func spaceOf(addr netip.Addr) space {
	s := far
	for _, a := range meanings(addr) {
		switch {
		case a.IsLoopback():
			return here
		case within(a, groups["private"]), a.IsLinkLocalUnicast():
			s = near
		}
	}
	return s
}

// origin is where the page comes from. Nothing that is nearer to this machine is reached from there, unless allow_hosts
// names it: Chromium's own rule (Local Network Access), which it cannot apply behind a proxy. The page is known by its
// host; where that redirects without TLS, by the next one.
type origin struct {
	spaceOf func(netip.Addr) space

	mu    sync.Mutex
	host  string // "" = no page is known
	from  space
	found bool // it redirects no more
}

// begin says which page it is.
func (o *origin) begin(host string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.host, o.from, o.found = fold(host), nowhere, false
}

// reached notes that a host was found at an address.
func (o *origin) reached(host string, a netip.Addr) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.host != "" && o.host == fold(host) {
		o.from = max(o.from, o.spaceOf(a))
	}
}

// answered notes where the first answer of the page's host leads.
func (o *origin) answered(r *http.Request, res *http.Response) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.host == "" || o.found || o.host != fold(r.URL.Hostname()) {
		return
	}
	next, err := res.Location()
	if o.found = err != nil || res.StatusCode/100 != 3; !o.found {
		o.host = fold(next.Hostname())
	}
}

// check refuses an address that is nearer than the page.
func (o *origin) check(p *Policy, host string, at netip.AddrPort) error {
	o.mu.Lock()
	from := o.from
	o.mu.Unlock()
	if o.spaceOf(at.Addr()) >= from || p.always(host, strconv.Itoa(int(at.Port()))) || p.means(host, at.Addr()) {
		return nil
	}
	return refused(host, "a page from outside; allow_hosts can name it")
}

// means tells whether a rule of Allow is for this name, or for this address that is near.
func (p *Policy) means(host string, a netip.Addr) bool {
	return slices.ContainsFunc(p.Allow, func(r Rule) bool {
		return r.matchesName(host) || slices.ContainsFunc(meanings(a), func(a netip.Addr) bool {
			return r.means(a, groups["loopback"]) || r.means(a, groups["private"]) || r.means(a, reserved)
		})
	})
}

// fold is a host in one spelling.
func fold(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// Host is the host of a URL, as Policy.Page has it.
func Host(u *url.URL) string { return fold(u.Hostname()) }
