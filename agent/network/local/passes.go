package local

import (
	"net/netip"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// rules are what the security groups in a store come to. Each group is read once.
type rules struct {
	tx      *store.Tx
	passes  map[string][]vif.Pass   // by group
	members map[string][]netip.Addr // by group
}

func newRules(tx *store.Tx) *rules {
	return &rules{tx: tx, passes: map[string][]vif.Pass{}, members: map[string][]netip.Addr{}}
}

// guard returns p with what its groups let pass, in the order of the groups and of
// their rules, and each only once.
func (r *rules) guard(p vif.Port) (vif.Port, error) {
	p.Passes = nil
	for _, group := range p.Groups {
		passes, err := r.of(group)
		if err != nil {
			return p, err
		}
		for _, pass := range passes {
			if !slices.ContainsFunc(p.Passes, pass.Equal) {
				p.Passes = append(p.Passes, pass)
			}
		}
	}
	return p, nil
}

// of returns what the rules of one group let pass.
func (r *rules) of(group string) ([]vif.Pass, error) {
	if passes, known := r.passes[group]; known {
		return passes, nil
	}
	g, err := r.tx.SecurityGroup(group)
	if err != nil {
		return nil, err
	}
	var passes []vif.Pass
	for _, rule := range g.Rules {
		p := pass(rule)
		if p.Remote, err = r.remote(rule); err != nil {
			return nil, err
		}
		passes = append(passes, p)
	}
	r.passes[group] = passes
	return passes, nil
}

// remote returns who is at the other end of what the rule lets pass: nil for
// anybody, and an empty list where the remote group has nobody.
func (r *rules) remote(rule vif.SecurityRule) ([]netip.Prefix, error) {
	switch {
	case rule.RemotePrefix.IsValid():
		return []netip.Prefix{rule.RemotePrefix}, nil
	case rule.RemoteGroup == "":
		return nil, nil
	}
	members, known := r.members[rule.RemoteGroup]
	if !known {
		var err error
		if members, err = r.tx.Members(rule.RemoteGroup); err != nil {
			return nil, err
		}
		r.members[rule.RemoteGroup] = members
	}
	remote := []netip.Prefix{}
	for _, a := range members {
		if a.Is4() == (rule.Version == 4) {
			remote = append(remote, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return remote, nil
}

// pass returns what the rule lets pass, whoever is at the other end.
func pass(r vif.SecurityRule) vif.Pass {
	number, _ := r.Number() // as checked
	p := vif.Pass{Direction: r.Direction, Version: r.Version, Protocol: number}
	switch {
	case number == vif.ICMP || number == vif.ICMPv6:
		p.Type, p.Code = small(r.First), small(r.Last)
	case r.First != nil && r.Last != nil:
		p.Ports = &vif.Range{First: uint16(*r.First), Last: uint16(*r.Last)}
	}
	return p
}

func small(n *int) *uint8 {
	if n == nil {
		return nil
	}
	return new(uint8(*n))
}
