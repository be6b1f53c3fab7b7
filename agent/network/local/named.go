package local

import (
	"net/netip"

	"vifd/vif"
)

// take finds the address that a claim names. It may lie outside the pools. One
// that is in quarantine is for the project that gave it back.
func (a *allocation) take(c vif.AddressClaim) (vif.FixedIP, error) {
	addr := c.Address.Unmap()
	s, err := a.subnetOf(c, addr)
	if err != nil {
		return vif.FixedIP{}, err
	}
	if why := unfit(s, addr); why != "" {
		return vif.FixedIP{}, vif.Invalid.Because("Fixed IP %s is not a valid ip address for network %s. %s", addr, a.network, why)
	}
	if a.has(addr) {
		return vif.FixedIP{}, vif.Invalid.Because("Fixed IP %s is asked for twice.", addr)
	}
	whose, resting, err := a.tx.Quarantined(a.network, addr)
	if err != nil {
		return vif.FixedIP{}, err
	}
	if resting && whose != a.project {
		return vif.FixedIP{}, vif.InUse.Because("Fixed IP %s is already in use. It was given back a moment ago: try again later.", addr)
	}
	return vif.FixedIP{Subnet: s.ID, Address: addr}, nil
}

// subnetOf returns the subnet of the network that holds the address.
func (a *allocation) subnetOf(c vif.AddressClaim, addr netip.Addr) (vif.Subnet, error) {
	subnets, err := a.candidates(vif.AddressClaim{Version: c.Version, Subnet: c.Subnet})
	if err != nil && c.Subnet != "" {
		return vif.Subnet{}, err
	}
	for _, s := range subnets {
		if s.CIDR.Contains(addr) {
			return s, nil
		}
	}
	return vif.Subnet{}, vif.Invalid.Because("Fixed IP %s is not a valid ip address for network %s.", addr, a.network)
}

// unfit says why no port may have an address of the subnet, or "".
func unfit(s vif.Subnet, addr netip.Addr) string {
	switch all := usable(s.CIDR); {
	case addr == s.Gateway:
		return "It is the gateway's."
	case addr.Less(all.Start):
		return "It is the address of the subnet itself."
	case all.End.Less(addr):
		return "It is the broadcast address."
	}
	return ""
}
