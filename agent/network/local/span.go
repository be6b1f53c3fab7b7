package local

import (
	"net/netip"

	"vifd/vif"
)

// lastOf returns the highest address of the prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := range b {
		kept := min(8, max(0, p.Bits()-8*i))
		b[i] |= byte(0xff >> kept)
	}
	last, _ := netip.AddrFromSlice(b)
	return last
}

// usable returns the addresses of the prefix that an interface may have: all of
// a prefix of one or two addresses (RFC 3021, RFC 6164), else all but the first,
// which names the subnet (in IPv6 its routers, RFC 4291 2.6.1), and in IPv4 the
// last, to which one broadcasts.
func usable(p netip.Prefix) vif.Pool {
	all := vif.Pool{Start: p.Masked().Addr(), End: lastOf(p)}
	if all.Start.BitLen()-p.Bits() <= 1 {
		return all
	}
	all.Start = all.Start.Next()
	if all.Start.Is4() {
		all.End = all.End.Prev()
	}
	return all
}

func within(p vif.Pool, a netip.Addr) bool {
	return a.BitLen() == p.Start.BitLen() && !a.Less(p.Start) && !p.End.Less(a)
}

func overlap(p, q vif.Pool) bool { return !p.End.Less(q.Start) && !q.End.Less(p.Start) }

// without returns what is left of p when a is taken out.
func without(p vif.Pool, a netip.Addr) []vif.Pool {
	if !a.IsValid() || !within(p, a) {
		return []vif.Pool{p}
	}
	var left []vif.Pool
	if p.Start != a {
		left = append(left, vif.Pool{Start: p.Start, End: a.Prev()})
	}
	if p.End != a {
		left = append(left, vif.Pool{Start: a.Next(), End: p.End})
	}
	return left
}
