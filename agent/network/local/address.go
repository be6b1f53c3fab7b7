package local

import (
	"errors"
	"net/netip"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// maxFixedIPs is how many addresses a port has at most.
const maxFixedIPs = 5

// An allocation finds addresses for one port.
type allocation struct {
	tx      *store.Tx
	network string
	project string
	subnets []vif.Subnet // of the network
	got     []vif.FixedIP
}

// allocate returns the addresses that the claims ask for, in their order, or
// for nil one of each version that the network has. They are nobody's until the
// port is put; that one of them is another port's already is found then.
func (l *Local) allocate(tx *store.Tx, p vif.Port, claims []vif.AddressClaim) ([]vif.FixedIP, error) {
	if len(claims) > maxFixedIPs {
		return nil, vif.Invalid.Because("Exceeded maximum amount of fixed ips per port: %d.", maxFixedIPs)
	}
	subnets, err := tx.SubnetsOf(p.Network)
	if err != nil {
		return nil, err
	}
	if err := tx.EndQuarantine(l.now().Add(-l.defaults.Quarantine)); err != nil {
		return nil, err
	}
	a := &allocation{tx: tx, network: p.Network, project: p.Project, subnets: subnets}
	if claims == nil {
		claims = a.usual()
	}
	if len(claims) == 0 {
		return nil, nil
	}
	return a.all(claims)
}

// usual returns the claims of a port that does not say: one for each version.
func (a *allocation) usual() (claims []vif.AddressClaim) {
	for _, version := range []int{4, 6} {
		if slices.ContainsFunc(a.subnets, func(s vif.Subnet) bool { return s.Version() == version }) {
			claims = append(claims, vif.AddressClaim{Version: version})
		}
	}
	return claims
}

// all finds the addresses that are named first: none of them may be chosen for
// another claim.
func (a *allocation) all(claims []vif.AddressClaim) ([]vif.FixedIP, error) {
	found := make([]vif.FixedIP, len(claims))
	for _, named := range []bool{true, false} {
		for i, c := range claims {
			if c.Address.IsValid() != named {
				continue
			}
			find := a.choose
			if named {
				find = a.take
			}
			f, err := find(c)
			if err != nil {
				return nil, err
			}
			found[i] = f
			a.got = append(a.got, f)
		}
	}
	return found, nil
}

func (a *allocation) has(addr netip.Addr) bool {
	return slices.ContainsFunc(a.got, func(f vif.FixedIP) bool { return f.Address == addr })
}

// choose finds an address in the first subnet of the kind asked for that has one.
func (a *allocation) choose(c vif.AddressClaim) (vif.FixedIP, error) {
	subnets, err := a.candidates(c)
	if err != nil {
		return vif.FixedIP{}, err
	}
	for _, s := range subnets {
		addr, err := a.free(s)
		if errors.Is(err, vif.Exhausted) {
			continue
		}
		return vif.FixedIP{Subnet: s.ID, Address: addr}, err
	}
	return vif.FixedIP{}, vif.Exhausted.Because("No fixed IP addresses available for network: %s", a.network)
}

// free returns an address of s that is free and not among those found already.
// As those are not put yet they may come up again, but each only once before
// the others.
func (a *allocation) free(s vif.Subnet) (netip.Addr, error) {
	for range len(a.got) + 1 {
		addr, err := a.tx.FreeAddress(s)
		if err != nil || !a.has(addr) {
			return addr, err
		}
	}
	return netip.Addr{}, vif.Exhausted
}

// candidates returns the subnets that a claim leaves to choose from.
func (a *allocation) candidates(c vif.AddressClaim) ([]vif.Subnet, error) {
	if c.Version != 0 && c.Version != 4 && c.Version != 6 {
		return nil, vif.Invalid.Because("%d is not an IP version: give 4 or 6.", c.Version)
	}
	ours := slices.DeleteFunc(slices.Clone(a.subnets), func(s vif.Subnet) bool {
		return c.Subnet != "" && s.ID != c.Subnet
	})
	if c.Subnet != "" && len(ours) == 0 {
		return nil, vif.Invalid.Because("Failed to create port on network %s, because fixed_ips included invalid subnet %s.", a.network, c.Subnet)
	}
	ours = slices.DeleteFunc(ours, func(s vif.Subnet) bool { return c.Version != 0 && s.Version() != c.Version })
	switch {
	case len(ours) > 0:
		slices.SortStableFunc(ours, func(s, t vif.Subnet) int { return s.Version() - t.Version() })
		return ours, nil
	case c.Subnet != "":
		return nil, vif.Invalid.Because("Subnet %s has no IPv%d addresses.", c.Subnet, c.Version)
	case c.Version != 0:
		return nil, vif.Invalid.Because("Network %s has no IPv%d subnet.", a.network, c.Version)
	}
	return nil, vif.Invalid.Because("Network %s has no subnet to take an address from.", a.network)
}
