package ovs

import (
	"net"
	"net/netip"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vifd/vif"
)

// The tables that flows of ours are in.
const (
	tableAdmit  = 0 // where every packet comes in
	tableOthers = 1 // packets from ports that have no rules
	tableSource = 2 // IPv6 packets from ports with rules, whose source is still to be checked

	tableGuard   = 3 // packets from guarded ports, whose source is checked, and packets to them
	tableKnown   = 4 // those whose connection has been looked up
	tablePasses  = 5 // those whose connection is to be looked up in the Passes
	tableDeliver = 6 // those that may pass
)

// The order of a port's rules. All stand above what others usually have.
const (
	orderRest   = 60000 + 10*iota // what no other rule is about
	orderKind                     // a kind of packet that is let through only by the rules above
	orderAllow                    // what a port may send
	orderForbid                   // what no guest may send, whoever it says it is
)

// A rule is a flow without what all flows of a port share.
type rule struct {
	table int
	order int
	proto ovs.Protocol
	then  ovs.Action
	when  []ovs.Match
}

type matches = []ovs.Match

// Neighbour solicitations and advertisements (RFC 4861).
const solicitation, advertisement = 135, 136

// tag matches whatever has a VLAN tag, also one that only has a priority.
func tag() ovs.Match { return ovs.VLANTCI(0x1000, 0x1000) }

// forbidden are the packets that make a guest a router, a DHCP server or a
// member of a VLAN, and the fragments that hide such a packet (RFC 6105, 6980,
// 7112, 7113, 7610): those whose first part does not reach to the header that
// says what it is, and those of a neighbour on the link.
func forbidden(local netip.Addr) []rule {
	const serverV4, serverV6, redirectV4, redirectV6, router = 67, 547, 5, 137, 134
	first := ovs.IPFrag(ovs.IPFragFlagFirst)
	drop := func(proto ovs.Protocol, when ...ovs.Match) rule {
		return rule{tableAdmit, orderForbid, proto, ovs.Drop(), when}
	}
	return []rule{
		drop("", tag()),
		drop(ovs.ProtocolUDPv4, ovs.UDPSourcePort(serverV4)),
		drop(ovs.ProtocolUDPv6, ovs.UDPSourcePort(serverV6)),
		drop(ovs.ProtocolICMPv4, ovs.ICMPType(redirectV4)),
		drop(ovs.ProtocolICMPv6, ovs.ICMP6Type(redirectV6)),
		drop(ovs.ProtocolICMPv6, ovs.ICMP6Type(router)),
		drop(ovs.ProtocolICMPv6, ovs.ICMP6Type(solicitation), ovs.NeighborDiscoveryTarget("::")), // its options contradict each other
		drop(ovs.ProtocolIPv6, ovs.NetworkProtocol(0)),
		drop(ovs.ProtocolUDPv6, first, ovs.UDPSourcePort(0)),
		drop(ovs.ProtocolICMPv6, first, ovs.ICMP6Type(0)),
		drop(ovs.ProtocolIPv6, ovs.IPFrag(ovs.IPFragFlagYes), ovs.IPv6Source(local.String())),
	}
}

// allowedIPv4 lets a port speak as one of its addresses, ask whether an address
// is free (RFC 5227), and ask for one by DHCP. What it allows goes on to out.
func allowedIPv4(mac net.HardwareAddr, addrs []netip.Addr, out ovs.Action) []rule {
	const request, client, server = 1, 68, 67
	from, said := ovs.DataLinkSource(mac.String()), ovs.ARPSourceHardwareAddress(mac)
	allow := func(proto ovs.Protocol, when ...ovs.Match) rule {
		return rule{tableAdmit, orderAllow, proto, out, append(matches{from}, when...)}
	}
	rules := []rule{
		allow(ovs.ProtocolARP, said, ovs.ARPSourceProtocolAddress("0.0.0.0"), ovs.ARPOperation(request)),
		allow(ovs.ProtocolUDPv4, ovs.NetworkSource("0.0.0.0"), ovs.UDPSourcePort(client), ovs.UDPDestinationPort(server)),
	}
	for _, a := range addrs {
		if a.Is4() {
			rules = append(rules,
				allow(ovs.ProtocolARP, said, ovs.ARPSourceProtocolAddress(a.String())),
				allow(ovs.ProtocolIPv4, ovs.NetworkSource(a.String())))
		}
	}
	return rules
}

// allowedIPv6 lets a port speak as one of its addresses or as its link-local one,
// solicit neighbours and advertise itself (RFC 4861) under its own MAC and
// addresses, look for duplicates of its own addresses (RFC 4862) and report
// what it listens to (RFC 2710, 3810). Neighbour discovery is checked for what
// it says before its source is.
func allowedIPv6(mac net.HardwareAddr, addrs []netip.Addr, out ovs.Action) []rule {
	from := ovs.DataLinkSource(mac.String())
	unspecified, silent := ovs.IPv6Source("::"), make(net.HardwareAddr, len(mac))
	pass := func(order int, proto ovs.Protocol, then ovs.Action, when ...ovs.Match) rule {
		return rule{tableAdmit, order, proto, then, append(matches{from}, when...)}
	}
	source := ovs.Resubmit(0, tableSource)
	rules := []rule{
		pass(orderRest+5, ovs.ProtocolIPv6, source),
		{tableAdmit, orderKind, ovs.ProtocolICMPv6, ovs.Drop(), matches{ovs.ICMP6Type(solicitation)}},
		{tableAdmit, orderKind, ovs.ProtocolICMPv6, ovs.Drop(), matches{ovs.ICMP6Type(advertisement)}},
		{tableSource, orderRest, "", ovs.Drop(), nil},
	}
	for _, listener := range []uint8{131, 132, 143} {
		rules = append(rules, pass(orderAllow, ovs.ProtocolICMPv6, out, unspecified, ovs.ICMP6Type(listener)))
	}
	for _, hw := range []net.HardwareAddr{mac, silent} {
		rules = append(rules, pass(orderAllow, ovs.ProtocolICMPv6, source,
			ovs.ICMP6Type(solicitation), ovs.NeighborDiscoverySourceLinkLayer(hw)))
	}
	for _, a := range addrs {
		if a.Is4() {
			continue
		}
		target := ovs.NeighborDiscoveryTarget(a.String())
		rules = append(rules,
			rule{tableSource, orderAllow, ovs.ProtocolIPv6, out, matches{ovs.IPv6Source(a.String())}},
			pass(orderAllow+5, ovs.ProtocolICMPv6, out, unspecified, ovs.ICMP6Type(solicitation), target,
				ovs.NeighborDiscoverySourceLinkLayer(silent)))
		for _, hw := range []net.HardwareAddr{mac, silent} {
			rules = append(rules, pass(orderAllow, ovs.ProtocolICMPv6, source,
				ovs.ICMP6Type(advertisement), target, ovs.NeighborDiscoveryTargetLinkLayer(hw)))
		}
	}
	return rules
}

// rulesFor returns the rules for what n's port sends. One without port security
// may send whatever it likes.
func rulesFor(n vif.NIC) ([]rule, error) {
	if !n.Port.Secure {
		return []rule{
			{tableAdmit, orderRest, "", ovs.Normal(), nil},
		}, nil
	}
	mac, err := net.ParseMAC(n.Port.MAC)
	if err != nil || len(mac) != 6 {
		return nil, vif.Invalid.Because("port %s has the MAC %q, which is none", n.Port.ID, n.Port.MAC)
	}
	local := linkLocal(mac)
	addrs := []netip.Addr{local}
	for _, ip := range n.Port.FixedIPs {
		if a := ip.Address.Unmap().WithZone(""); a.IsValid() && a != local {
			addrs = append(addrs, a)
		}
	}
	out := ovs.Normal()
	if guarded(n.Port) {
		out = ovs.Resubmit(0, tableGuard)
	}
	rules := append(forbidden(local), allowedIPv4(mac, addrs, out)...)
	rules = append(rules, allowedIPv6(mac, addrs, out)...)
	return append(rules, rule{tableAdmit, orderRest, "", ovs.Drop(), nil}), nil
}

// linkLocal returns the link-local address that is made of a MAC (RFC 4291,
// appendix A).
func linkLocal(mac net.HardwareAddr) netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80,
		8: mac[0] ^ 2, 9: mac[1], 10: mac[2], 11: 0xff, 12: 0xfe, 13: mac[3], 14: mac[4], 15: mac[5]})
}

// flowsFor returns all flows of n's port.
func flowsFor(n vif.NIC) ([]*ovs.Flow, error) {
	rules, err := rulesFor(n)
	if err != nil {
		return nil, err
	}
	all := flows(n, n.OFPort, rules)
	if guarded(n.Port) {
		all = append(all, flows(n, n.OFPort, outOf(n).rules())...)
		all = append(all, flows(n, guardOFPort(n), into(n).rules())...)
		all = append(all, flows(n, 0, passRules(n))...)
	}
	return all, nil
}

// flows returns the rules as flows of n's port, for what comes in by the number;
// 0 is any.
func flows(n vif.NIC, in int, rules []rule) []*ovs.Flow {
	all := make([]*ovs.Flow, len(rules))
	for i, r := range rules {
		all[i] = &ovs.Flow{
			Table: r.table, Priority: r.order, Protocol: r.proto, InPort: in, Cookie: vif.Cookie(n.Port.ID),
			Matches: r.when, Actions: []ovs.Action{r.then},
		}
	}
	return all
}
