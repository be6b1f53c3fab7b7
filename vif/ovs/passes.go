package ovs

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vifd/vif"
)

// A list is what one port lets pass, of one IP version, in one direction. Passes
// that share their remote ends become one conjunction: a flow for each end and one
// for each service, and not one for each pair.
type list struct {
	proto ovs.Protocol
	where ovs.Match // that a connection is asked about in this list
	far   string    // the field with the address at the other end
	rules []rule
	at    map[string]int // where the rule stands that says so
}

// An audience is who may use the services.
type audience struct {
	members  []netip.Prefix
	services []matches
}

// passRules returns the rules of n's Passes.
func passRules(n vif.NIC) (all []rule) {
	for _, d := range []vif.Direction{vif.Egress, vif.Ingress} {
		where := ovs.FieldMatch("reg14", asked(n, d))
		all = append(all, rule{tablePasses, orderRest, "", ovs.Drop(), matches{where}})
		for _, version := range []int{4, 6} {
			l := list{where: where, at: map[string]int{}}
			l.proto, l.far = fields(d, version)
			l.fill(slices.DeleteFunc(slices.Clone(n.Port.Passes), func(p vif.Pass) bool { return p.Direction != d || p.Version != version }), version)
			all = append(all, l.rules...)
		}
	}
	return all
}

// fields returns the protocol, and the field with the address at the other end of
// a connection that began in this direction.
func fields(d vif.Direction, version int) (ovs.Protocol, string) {
	proto, field := ovs.ProtocolIPv4, "ct_nw_"
	if version == 6 {
		proto, field = ovs.ProtocolIPv6, "ct_ipv6_"
	}
	if d == vif.Egress {
		return proto, field + "dst"
	}
	return proto, field + "src"
}

// fill adds the rules of the passes.
func (l *list) fill(passes []vif.Pass, version int) {
	audiences, order := map[string]*audience{}, []string{}
	for _, p := range passes {
		members, anybody := remote(p, version)
		if anybody {
			for _, s := range services(p) {
				l.add(orderAllow, ovs.Resubmit(0, tableDeliver), s...)
			}
			continue
		}
		key := fmt.Sprint(members)
		if audiences[key] == nil {
			audiences[key] = &audience{members: members}
			order = append(order, key)
		}
		audiences[key].services = append(audiences[key].services, services(p)...)
	}
	for i, key := range order {
		l.admit(i+1, audiences[key])
	}
}

// admit lets the audience use its services: each of them each, or, where that is
// fewer flows, by the conjunction of that number.
func (l *list) admit(id int, a *audience) {
	if m, s := len(a.members), len(a.services); m*s <= m+s+1 {
		for _, member := range a.members {
			for _, s := range a.services {
				l.add(orderAllow, ovs.Resubmit(0, tableDeliver), append(matches{l.from(member)}, s...)...)
			}
		}
		return
	}
	for _, member := range a.members {
		l.add(orderKind, ovs.Conjunction(id, 1, 2), tracked(), l.from(member))
	}
	for _, s := range a.services {
		l.add(orderKind, ovs.Conjunction(id, 2, 2), s...)
	}
	l.add(orderKind, ovs.Resubmit(0, tableDeliver), tracked(), ovs.ConjunctionID(uint32(id)))
}

func (l *list) from(p netip.Prefix) ovs.Match {
	if p.IsSingleIP() {
		return ovs.FieldMatch(l.far, p.Addr().String())
	}
	return ovs.FieldMatch(l.far, p.String())
}

// add adds a rule, or the action to the rule that has these matches already.
func (l *list) add(order int, then ovs.Action, when ...ovs.Match) {
	said, key := action(then), fmt.Sprintf("%d %#v", order, when)
	i, there := l.at[key]
	if !there {
		l.at[key] = len(l.rules)
		l.rules = append(l.rules, rule{tablePasses, order, l.proto, several{then}, append(matches{l.where}, when...)})
		return
	}
	does := l.rules[i].then.(several)
	if !slices.ContainsFunc(does, func(a ovs.Action) bool { return action(a) == said }) {
		l.rules[i].then = append(does, then)
	}
}

// action returns the action's text, by which two are told apart.
func action(a ovs.Action) string { return a.GoString() }

// remote returns who is at the other end, in order, or that it may be anybody.
func remote(p vif.Pass, version int) (members []netip.Prefix, anybody bool) {
	if p.Remote == nil {
		return nil, true
	}
	for _, r := range p.Remote {
		if r.Addr().Is4In6() && r.Bits() >= 96 {
			r = netip.PrefixFrom(r.Addr().Unmap(), r.Bits()-96)
		}
		if !r.IsValid() || r.Addr().Is4() != (version == 4) {
			continue
		}
		if r.Bits() == 0 {
			return nil, true
		}
		members = append(members, r.Masked())
	}
	slices.SortFunc(members, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	return slices.Compact(members), false
}

// services returns what the pass is for: one of these. A pass that the switch has
// no words for is for nothing: one for some ports of a protocol whose ports it does
// not know, and one for protocol 0, which it would take for any.
//
// Of a packet in parts, the switch sees the ports in the first part only, in user
// space. None comes here before all have come, and the others are of no use without
// the first, so that they pass when the protocol does for any port.
func services(p vif.Pass) []matches {
	if p.Protocol == vif.AnyProtocol {
		return []matches{{tracked()}}
	}
	one := matches{tracked(), ovs.FieldMatch("ct_nw_proto", strconv.Itoa(p.Protocol))}
	later := append(slices.Clip(one), ovs.IPFrag(ovs.IPFragFlagLater))
	switch kind := typed(p); {
	case len(kind) > 0:
		return []matches{slices.Concat(one, kind), later}
	case p.Protocol == 0 || p.Ports != nil && !ported(p.Protocol):
		return nil
	case unbounded(p.Ports) || !ported(p.Protocol):
		return []matches{one}
	case p.Protocol == vif.SCTP:
		return append(associations(*p.Ports), later)
	}
	return append(each(one, blocks("ct_tp_dst", *p.Ports)), later)
}

// ported tells whether the switch knows the protocol's ports.
func ported(proto int) bool { return proto == vif.TCP || proto == vif.UDP || proto == vif.SCTP }

// unbounded tells whether r is all ports.
func unbounded(r *vif.Range) bool { return r == nil || *r == vif.Range{Last: math.MaxUint16} }

// tracked matches whatever is part of a connection.
func tracked() ovs.Match { return state("+trk-inv") }

// typed matches the type and the code of ICMP, which stand where the ports are.
func typed(p vif.Pass) (m matches) {
	if p.Type == nil || p.Protocol != vif.ICMP && p.Protocol != vif.ICMPv6 {
		return nil
	}
	m = matches{ovs.FieldMatch("ct_tp_src", strconv.Itoa(int(*p.Type)))}
	if p.Code != nil {
		m = append(m, ovs.FieldMatch("ct_tp_dst", strconv.Itoa(int(*p.Code))))
	}
	return m
}

// associations returns services of SCTP. In user space Open vSwitch does not note
// their ports, so that it is those of the packet that are looked at, on their way
// forth and back, and errors are let pass.
func associations(r vif.Range) []matches {
	proto := strconv.Itoa(vif.SCTP)
	sctp := ovs.FieldMatch("nw_proto", proto)
	errs := matches{state("+rel+trk-inv"), ovs.FieldMatch("ct_nw_proto", proto)}
	return slices.Concat([]matches{errs},
		each(matches{state("-rel-rpl+trk-inv"), sctp}, blocks("sctp_dst", r)),
		each(matches{state("-rel+rpl+trk-inv"), sctp}, blocks("sctp_src", r)))
}

// each returns m with one of the blocks, for each of them.
func each(m matches, blocks []ovs.Match) (all []matches) {
	for _, b := range blocks {
		all = append(all, append(slices.Clip(m), b))
	}
	return all
}

// blocks returns what matches the ports in r: as few blocks as there can be, each of
// as many ports as the power of two that it begins at allows.
func blocks(field string, r vif.Range) (all []ovs.Match) {
	for first, end := uint32(r.First), uint32(r.Last)+1; first < end; {
		size := uint32(1) << min(bits.TrailingZeros32(first|1<<16), bits.Len32(end-first)-1)
		all = append(all, ovs.FieldMatch(field, fmt.Sprintf("%#x/%#x", first, 1<<16-size)))
		first += size
	}
	return all
}
