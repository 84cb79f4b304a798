package gate

import "net/netip"

// reserved are addresses that no page has to do with. A rule of allow_hosts opens one only when it lies within a prefix
// of these: "everything" does not mean them.
var reserved = prefixes(
	"0.0.0.0/8", // but 0.0.0.0 itself, which stands for this machine (see plain)
	"169.254.0.0/16", "fe80::/10",
	"224.0.0.0/4", "ff00::/8", "255.255.255.255/32",

	// Metadata services of clouds that are not link-local.
	"100.100.100.200/32", // Alibaba Cloud
	"168.63.129.16/32",   // Azure's wire server
	"192.0.0.192/32",     // Oracle Cloud
	"fd00:c1::/32",       // Oracle Cloud
	"fd00:ec2::/32",      // Amazon
	"fd20:ce::/32",       // Google Cloud
)

// Names of groups of addresses, as rules have them.
var groups = map[string][]netip.Prefix{
	"loopback": prefixes("127.0.0.0/8", "::1/128"),
	// RFC 1918, RFC 6598, RFC 4193.
	"private": prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
}

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// embeddings are prefixes of IPv6 that carry an address of IPv4, and the bytes in which they have it.
var embeddings = []struct {
	prefix netip.Prefix
	at     [4]int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), [4]int{12, 13, 14, 15}},   // NAT64, RFC 6052
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{12, 13, 14, 15}}, // RFC 8215, with any of the lengths of RFC 6052
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{9, 10, 11, 12}},
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{7, 9, 10, 11}},
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{6, 7, 9, 10}},
	{netip.MustParsePrefix("2002::/16"), [4]int{2, 3, 4, 5}},           // 6to4, RFC 3056
	{netip.MustParsePrefix("::/96"), [4]int{12, 13, 14, 15}},           // IPv4-compatible, RFC 4291
	{netip.MustParsePrefix("::ffff:0:0:0/96"), [4]int{12, 13, 14, 15}}, // IPv4-translated, RFC 2765
}

// plain is an address without its zone, IPv4 as such, and this machine's loopback where the system would take the
// unspecified address for it.
func plain(a netip.Addr) netip.Addr {
	a = a.WithZone("").Unmap()
	if !a.IsUnspecified() {
		return a
	}
	if a.Is4() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

// meanings are all addresses that one may lead to: itself, and those of IPv4 that it carries.
func meanings(a netip.Addr) []netip.Addr {
	a = plain(a)
	all := []netip.Addr{a}
	if !a.Is6() || a.IsLoopback() {
		return all
	}
	b := a.As16()
	for _, e := range embeddings {
		if e.prefix.Contains(a) {
			all = append(all, plain(netip.AddrFrom4([4]byte{b[e.at[0]], b[e.at[1]], b[e.at[2]], b[e.at[3]]})))
		}
	}
	return all
}

// within tells whether an address is in one of the prefixes.
func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
