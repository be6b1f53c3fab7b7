package local

import (
	"net/netip"

	"vifd/agent/store"
	"vifd/vif"
)

// special are the ranges that no subnet of ports can be in.
var special = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("224.0.0.0/3"), "multicast and reserved"},
	{netip.MustParsePrefix("::/8"), "loopback, IPv4-mapped and reserved"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

func checkCIDR(p netip.Prefix) error {
	if !p.IsValid() {
		return vif.Invalid.Because("The CIDR of a subnet is missing or not valid.")
	}
	if p != p.Masked() {
		return vif.Invalid.Because("'%s' has bits set beyond its prefix. Did you mean %s?", p, p.Masked())
	}
	for _, s := range special {
		if s.prefix.Overlaps(p) {
			return vif.Invalid.Because("'%s' cannot be a subnet: %s is for %s addresses.", p, s.prefix, s.what)
		}
	}
	return nil
}

// maxDNS is how many name servers a subnet has at most.
const maxDNS = 5

// checkSubnet refuses a subnet that does not agree with itself.
func checkSubnet(s vif.Subnet) error {
	for _, check := range []func(vif.Subnet) error{checkGateway, checkPools, checkDNS} {
		if err := check(s); err != nil {
			return err
		}
	}
	return checkNames(s.Name, s.Project)
}

// checkGateway wants an address of the subnet, or, in IPv6, a link-local one.
func checkGateway(s vif.Subnet) error {
	g := s.Gateway
	if s.NoGateway || within(usable(s.CIDR), g) || s.Version() == 6 && g.Is6() && g.IsLinkLocalUnicast() && g.Zone() == "" {
		return nil
	}
	return vif.Invalid.Because("Gateway is not valid on subnet: %s is no address for a host in %s.", g, s.CIDR)
}

// checkPools wants ranges inside the subnet that leave each other and the
// gateway alone.
func checkPools(s vif.Subnet) error {
	all := usable(s.CIDR)
	for i, p := range s.Pools {
		switch {
		case !p.Start.IsValid() || !p.End.IsValid() || p.Start.BitLen() != p.End.BitLen() || p.End.Less(p.Start):
			return vif.Invalid.Because("The allocation pool %s-%s is not valid.", p.Start, p.End)
		case !within(all, p.Start) || !within(all, p.End):
			return vif.Invalid.Because("The allocation pool %s-%s spans beyond the subnet cidr %s.", p.Start, p.End, s.CIDR)
		case within(p, s.Gateway):
			return vif.Invalid.Because("Gateway ip %s conflicts with allocation pool %s-%s.", s.Gateway, p.Start, p.End)
		}
		for _, q := range s.Pools[:i] {
			if overlap(p, q) {
				return vif.Invalid.Because("Found overlapping allocation pools: %s-%s %s-%s for subnet %s.", q.Start, q.End, p.Start, p.End, s.CIDR)
			}
		}
	}
	return nil
}

func checkDNS(s vif.Subnet) error {
	if len(s.DNS) > maxDNS {
		return vif.Invalid.Because("The number of DNS nameservers exceeds the limit %d.", maxDNS)
	}
	for _, a := range s.DNS {
		if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.Zone() != "" {
			return vif.Invalid.Because("'%s' is not the address of a name server.", a)
		}
	}
	return nil
}

func checkOverlap(tx *store.Tx, s vif.Subnet) error {
	others, err := tx.SubnetsOf(s.Network)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.CIDR.Overlaps(s.CIDR) {
			return vif.Invalid.Because("Requested subnet with cidr: %s for network: %s overlaps with another subnet: %s.", s.CIDR, s.Network, o.CIDR)
		}
	}
	return nil
}
