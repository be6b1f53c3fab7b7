package ovs

import (
	"net"
	"net/netip"
	"testing"

	"vifd/vif"
)

// guardedNIC returns newNIC with a security group whose rules come to the passes.
func guardedNIC(bridge, tap string, n int, passes ...vif.Pass) vif.NIC {
	nic := newNIC(bridge, tap, n)
	nic.Port.Groups, nic.Port.Passes = []string{"0b2f5a0c-0000-4000-8000-000000000001"}, passes
	return nic
}

// pass returns what lets the protocol pass: to the port first, or to those from first to last, or to all.
func pass(d vif.Direction, version, proto int, ports ...uint16) vif.Pass {
	p := vif.Pass{Direction: d, Version: version, Protocol: proto}
	if len(ports) > 0 {
		p.Ports = &vif.Range{First: ports[0], Last: ports[len(ports)-1]}
	}
	return p
}

// only returns p for these at the other end.
func only(p vif.Pass, prefixes ...string) vif.Pass {
	p.Remote = []netip.Prefix{}
	for _, text := range prefixes {
		p.Remote = append(p.Remote, netip.MustParsePrefix(text))
	}
	return p
}

// kind returns a pass for one type of ICMP, and code.
func kind(p vif.Pass, numbers ...uint8) vif.Pass {
	p.Type = &numbers[0]
	if len(numbers) > 1 {
		p.Code = &numbers[1]
	}
	return p
}

// everything has each kind of pass.
func everything() (all []vif.Pass) {
	for _, d := range []vif.Direction{vif.Ingress, vif.Egress} {
		all = append(all,
			pass(d, 4, vif.AnyProtocol), pass(d, 6, vif.AnyProtocol), pass(d, 4, 47), pass(d, 6, 0),
			pass(d, 4, vif.TCP, 22), pass(d, 4, vif.TCP, 1, 65535), pass(d, 6, vif.UDP, 0, 65535), pass(d, 6, vif.SCTP, 1000, 1999),
			kind(pass(d, 4, vif.ICMP), 8), kind(pass(d, 4, vif.ICMP), 3, 4), kind(pass(d, 6, vif.ICMPv6), 128, 0), pass(d, 4, 33, 5),
			only(pass(d, 4, vif.TCP, 80), "10.0.0.0/8"), only(pass(d, 4, vif.TCP, 81)), only(pass(d, 6, vif.TCP, 80), "fd00::/16", "fd01::1/128", "fd00::/16"),
			only(pass(d, 4, vif.TCP, 443), "10.0.0.1/32", "10.0.0.2/32", "192.168.0.0/16"), only(pass(d, 4, vif.UDP, 443, 500), "10.0.0.1/32", "10.0.0.2/32", "192.168.0.0/16"),
			only(pass(d, 4, vif.UDP, 443, 500), "10.0.0.1/32", "10.0.0.3/32", "fd00::/16"), only(pass(d, 4, vif.TCP, 82), "0.0.0.0/0"),
		)
	}
	return all
}

// guardedPasses are what the guest of the tests below lets pass.
func guardedPasses() []vif.Pass {
	return []vif.Pass{
		pass(vif.Ingress, 4, vif.TCP, 22), pass(vif.Ingress, 4, vif.TCP, 80, 90), pass(vif.Ingress, 6, vif.TCP, 22),
		kind(pass(vif.Ingress, 4, vif.ICMP), 8), only(pass(vif.Ingress, 4, vif.UDP, 7), "10.20.0.98/32"),
		pass(vif.Egress, 4, vif.UDP, 53), only(pass(vif.Egress, 4, vif.TCP, 443), "10.20.0.0/24", "10.21.0.7/32"),
		only(pass(vif.Egress, 4, vif.UDP, 123, 200), "10.20.0.0/24", "10.21.0.7/32"), kind(pass(vif.Egress, 6, vif.ICMPv6), 128, 0),
	}
}

// A crossing is a frame that gets through, or not.
type crossing struct {
	name  string
	frame []byte
	pass  bool
}

// towards are what may come to a guest with ownMAC, own4 and own6, and what not.
func towards(from net.HardwareAddr) []crossing {
	far4, far6, far := netip.MustParseAddr("10.20.0.99"), netip.MustParseAddr("fd00:20::99"), linkLocal(from)
	group, all := mustMAC("33:33:00:00:00:01"), mustMAC("ff:ff:ff:ff:ff:ff")
	return []crossing{
		{"tcp", to(ownMAC, ipv4(from, far4, own4, 6, 0, tcp(1000, 22))), true},
		{"tcp to another port", to(ownMAC, ipv4(from, far4, own4, 6, 0, tcp(1001, 23))), false},
		{"the last port of a range", to(ownMAC, ipv4(from, far4, own4, 6, 0, tcp(1002, 90))), true},
		{"the port behind it", to(ownMAC, ipv4(from, far4, own4, 6, 0, tcp(1003, 91))), false},
		{"udp to that port", to(ownMAC, ipv4(from, far4, own4, 17, 0, udp(1004, 22))), false},
		{"udp of another remote end", to(ownMAC, ipv4(from, far4, own4, 17, 0, udp(1005, 7))), false},
		{"udp of the remote end", to(ownMAC, ipv4(from, netip.MustParseAddr("10.20.0.98"), own4, 17, 0, udp(1006, 7))), true},
		{"what the guest may send", to(ownMAC, ipv4(from, far4, own4, 17, 0, udp(1007, 53))), false},
		{"ping", to(ownMAC, ipv4(from, far4, own4, 1, 0, ping(8, 0, 1))), true},
		{"the answer to a ping that was none", to(ownMAC, ipv4(from, far4, own4, 1, 0, ping(0, 0, 2))), false},
		{"an answer to nothing", to(ownMAC, ipv4(from, far4, own4, 6, 0, segment(443, 1008, 1, 1, syn|ack, nil))), false},
		{"an error about nothing", to(ownMAC, ipv4(from, far4, own4, 1, 0, failed(3, 3, ipv4(ownMAC, own4, far4, 17, 0, udp(1009, 53))))), false},
		{"another protocol", to(ownMAC, ipv4(from, far4, own4, 47, 0, make([]byte, 8))), false},
		{"tcp6", to(ownMAC, ipv6(from, far6, own6, 6, tcp(1010, 22))), true},
		{"tcp6 to another port", to(ownMAC, ipv6(from, far6, own6, 6, tcp(1011, 80))), false},
		{"ping6", to(ownMAC, ipv6(from, far6, own6, 58, ping(128, 0, 1))), false},
		{"tcp to another MAC", to(mustMAC("fa:16:3e:77:77:77"), ipv4(from, far4, own4, 6, 0, tcp(1012, 22))), false},
		{"tcp to all", to(all, ipv4(from, far4, all4, 6, 0, tcp(1013, 22))), true},
		{"udp to all", to(all, ipv4(from, far4, all4, 17, 0, udp(1014, 9))), false},
		{"udp to several", to(mustMAC("01:00:5e:00:00:fb"), ipv4(from, far4, netip.MustParseAddr("224.0.0.251"), 17, 0, udp(5353, 5353))), false},

		{"ARP request", to(all, arp(from, 1, from, far4, own4)), true},
		{"ARP reply", to(ownMAC, arp(from, 2, from, far4, own4)), true},
		{"DHCP offer", to(ownMAC, ipv4(from, far4, own4, 17, 0, udp(67, 68))), true},
		{"DHCP offer to all", to(all, ipv4(from, far4, all4, 17, 0, udp(67, 68))), true},
		{"DHCP request", to(all, ipv4(from, any4, all4, 17, 0, udp(68, 67))), false},
		{"DHCPv6 reply", to(ownMAC, ipv6(from, far, ownLink, 17, udp(547, 546))), true},
		{"DHCPv6 request", to(group, ipv6(from, far, all6, 17, udp(546, 547))), false},
		{"solicitation", to(group, ipv6(from, far6, all6, 58, neighbour(135, own6, 1, from))), true},
		{"advertisement", to(ownMAC, ipv6(from, far6, own6, 58, neighbour(136, far6, 2, from))), true},
		{"router advertisement", to(group, ipv6(from, far, all6, 58, icmp(134))), true},
		{"listener query", to(group, ipv6(from, far, all6, 0, options(58, icmp(130)))), true},
		{"redirect6", to(ownMAC, ipv6(from, far, own6, 58, icmp(137))), false},
		{"LLDP", to(mustMAC("01:80:c2:00:00:0e"), ethernet(from, 0x88cc, make([]byte, 46))), false},
		{"reverse ARP", to(all, ethernet(from, 0x8035, make([]byte, 28))), false},
		{"a tag inside", to(ownMAC, tagged(0x8100, 7, ipv4(from, far4, own4, 6, 0, tcp(1015, 22)))), false},
	}
}

// from are what that guest may send to a MAC, and what not.
func from(far net.HardwareAddr) []crossing {
	far4, far6 := netip.MustParseAddr("10.20.0.99"), netip.MustParseAddr("fd00:20::99")
	all, group := mustMAC("ff:ff:ff:ff:ff:ff"), mustMAC("33:33:00:00:00:01")
	return []crossing{
		{"udp", to(far, ipv4(ownMAC, own4, far4, 17, 0, udp(2000, 53))), true},
		{"udp to another port", to(far, ipv4(ownMAC, own4, far4, 17, 0, udp(2001, 54))), false},
		{"udp to a range", to(far, ipv4(ownMAC, own4, far4, 17, 0, udp(2002, 199))), true},
		{"udp beyond it", to(far, ipv4(ownMAC, own4, far4, 17, 0, udp(2003, 201))), false},
		{"udp to several", to(all, ipv4(ownMAC, own4, netip.MustParseAddr("224.0.0.251"), 17, 0, udp(2004, 53))), true},
		{"tcp", to(far, ipv4(ownMAC, own4, far4, 6, 0, tcp(2005, 443))), true},
		{"tcp to one more remote end", to(far, ipv4(ownMAC, own4, netip.MustParseAddr("10.21.0.7"), 6, 0, tcp(2006, 443))), true},
		{"tcp to another remote end", to(far, ipv4(ownMAC, own4, netip.MustParseAddr("10.21.0.8"), 6, 0, tcp(2007, 443))), false},
		{"what may come", to(far, ipv4(ownMAC, own4, far4, 6, 0, tcp(2008, 22))), false},
		{"ping", to(far, ipv4(ownMAC, own4, far4, 1, 0, ping(8, 0, 3))), false},
		{"ping6", to(far, ipv6(ownMAC, own6, far6, 58, ping(128, 0, 3))), true},
		{"ping6 of another code", to(far, ipv6(ownMAC, own6, far6, 58, ping(128, 1, 4))), false},
		{"another's address", to(far, ipv4(ownMAC, other4, far4, 17, 0, udp(2009, 53))), false},
		{"another's MAC", to(far, ipv4(otherMAC, own4, far4, 17, 0, udp(2010, 53))), false},

		{"ARP request", to(all, arp(ownMAC, 1, ownMAC, own4, far4)), true},
		{"ARP for another", to(all, arp(ownMAC, 2, ownMAC, other4, far4)), false},
		{"DHCP request", to(all, ipv4(ownMAC, any4, all4, 17, 0, udp(68, 67))), true},
		{"DHCP renewal", to(far, ipv4(ownMAC, own4, far4, 17, 0, udp(68, 67))), true},
		{"DHCP offer", to(all, ipv4(ownMAC, own4, all4, 17, 0, udp(67, 68))), false},
		{"DHCPv6 request", to(group, ipv6(ownMAC, ownLink, all6, 17, udp(546, 547))), true},
		{"router solicitation", to(group, ipv6(ownMAC, ownLink, all6, 58, icmp(133))), true},
		{"router advertisement", to(group, ipv6(ownMAC, ownLink, all6, 58, icmp(134))), false},
		{"solicitation", to(group, ipv6(ownMAC, own6, all6, 58, neighbour(135, far6, 1, ownMAC))), true},
		{"solicitation of another", to(group, ipv6(ownMAC, other6, all6, 58, neighbour(135, far6, 1, ownMAC))), false},
		{"advertisement", to(far, ipv6(ownMAC, own6, far6, 58, neighbour(136, own6, 2, ownMAC))), true},
		{"duplicate detection", to(group, ipv6(ownMAC, any6, all6, 58, neighbour(135, own6, 0, nil))), true},
		{"listener report", to(group, ipv6(ownMAC, any6, all6, 0, options(58, icmp(143)))), true},
		{"LLDP", to(all, ethernet(ownMAC, 0x88cc, make([]byte, 46))), false},
		{"a tag", to(far, tagged(0x8100, 200, ipv4(ownMAC, own4, far4, 17, 0, udp(2011, 53)))), false},
	}
}

// Each frame goes over the real bridge, between a guarded port and one that is
// nobody's of ours, and one of ours without groups.
func TestGuardFrames(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	a := guestOf(h, s, guardedNIC(bridge, h.addTap(), 1, guardedPasses()...))
	open := newNIC(bridge, h.addTap(), 3)
	open.Port.Secure = false
	for name, b := range map[string]*guest{
		"a stranger":  stranger(h, bridge, "fa:16:3e:00:00:99", "10.20.0.99", "tag=100"),
		"an uplink":   stranger(h, bridge, "fa:16:3e:00:00:98", "10.20.0.97").on(100),
		"one of ours": guestOf(h, s, open),
	} {
		t.Run("from "+name, func(t *testing.T) { b.cross(t, a, towards(b.mac)) })
		t.Run("to "+name, func(t *testing.T) { a.cross(t, b, from(b.mac)) })
	}
	must(t, h.filtered(s, bridge, guardedNIC(bridge, a.tap.Name(), 1, guardedPasses()...), open))
}

// cross sends all that shall cross, and what shall not, and says what was otherwise.
func (g *guest) cross(t *testing.T, far *guest, crossings []crossing) {
	t.Helper()
	h := g.host
	h.run("ovs-appctl", "--target="+h.path("vs.ctl"), "dpctl/flush-conntrack")
	var frames [][]byte
	for _, c := range crossings {
		frames = append(frames, c.frame)
	}
	for i, came := range g.reached(t, far, frames...) {
		if came != crossings[i].pass {
			t.Errorf("%s passes: %v, want %v", crossings[i].name, came, crossings[i].pass)
		}
	}
}
