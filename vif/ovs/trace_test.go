package ovs

import (
	"encoding/hex"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vifd/vif"
)

var (
	ownMAC   = mustMAC("fa:16:3e:00:00:01")
	otherMAC = mustMAC("fa:16:3e:00:00:02")
	own4     = netip.MustParseAddr("10.20.0.1")
	other4   = netip.MustParseAddr("10.20.0.2")
	own6     = netip.MustParseAddr("fd00:20::2")
	other6   = netip.MustParseAddr("fd00:20::3")
	ownLink  = netip.MustParseAddr("fe80::f816:3eff:fe00:1")
	badLink  = netip.MustParseAddr("fe80::f816:3eff:fe00:2")
	any4     = netip.IPv4Unspecified()
	any6     = netip.IPv6Unspecified()
	all4     = netip.MustParseAddr("255.255.255.255")
	all6     = netip.MustParseAddr("ff02::1")
)

// frames are what a guest with ownMAC, own4 and own6 may send and what not.
var frames = []struct {
	name  string
	frame []byte
	pass  bool
}{
	{"ping", ipv4(ownMAC, own4, other4, 1, 0, icmp(8)), true},
	{"tcp", ipv4(ownMAC, own4, other4, 6, 0, tcp(40000, 80)), true},
	{"udp", ipv4(ownMAC, own4, other4, 17, 0, udp(40000, 53)), true},
	{"multicast", ipv4(ownMAC, own4, netip.MustParseAddr("224.0.0.251"), 17, 0, udp(5353, 5353)), true},
	{"an unknown protocol", ipv4(ownMAC, own4, other4, 47, 0, make([]byte, 8)), true},
	{"first fragment", ipv4(ownMAC, own4, other4, 17, 0x2000, udp(40000, 53)), true},
	{"later fragment", ipv4(ownMAC, own4, other4, 17, 0x0003, make([]byte, 16)), true},
	{"another's address", ipv4(ownMAC, other4, own4, 1, 0, icmp(8)), false},
	{"another's MAC", ipv4(otherMAC, own4, other4, 1, 0, icmp(8)), false},
	{"another's MAC and address", ipv4(otherMAC, other4, own4, 1, 0, icmp(8)), false},
	{"no address", ipv4(ownMAC, any4, other4, 17, 0, udp(40000, 53)), false},
	{"redirect", ipv4(ownMAC, own4, other4, 1, 0, icmp(5)), false},
	{"later fragment of another", ipv4(ownMAC, other4, own4, 17, 0x0003, make([]byte, 16)), false},

	{"DHCP request", ipv4(ownMAC, any4, all4, 17, 0, udp(68, 67)), true},
	{"DHCP renewal", ipv4(ownMAC, own4, other4, 17, 0, udp(68, 67)), true},
	{"DHCP offer", ipv4(ownMAC, own4, all4, 17, 0, udp(67, 68)), false},
	{"DHCP relay", ipv4(ownMAC, own4, other4, 17, 0, udp(67, 67)), false},
	{"DHCP request under another's MAC", ipv4(otherMAC, any4, all4, 17, 0, udp(68, 67)), false},
	{"DHCP offer in a first fragment", ipv4(ownMAC, own4, all4, 17, 0x2000, udp(67, 68)), false},

	{"ARP request", arp(ownMAC, 1, ownMAC, own4, other4), true},
	{"ARP reply", arp(ownMAC, 2, ownMAC, own4, other4), true},
	{"ARP announcement", arp(ownMAC, 1, ownMAC, own4, own4), true},
	{"ARP probe", arp(ownMAC, 1, ownMAC, any4, own4), true},
	{"ARP reply of nobody", arp(ownMAC, 2, ownMAC, any4, own4), false},
	{"ARP for another", arp(ownMAC, 2, ownMAC, other4, own4), false},
	{"ARP with another's MAC inside", arp(ownMAC, 2, otherMAC, own4, other4), false},
	{"ARP under another's MAC", arp(otherMAC, 1, ownMAC, own4, other4), false},
	{"ARP wholly another's", arp(otherMAC, 1, otherMAC, other4, own4), false},

	{"ping6", ipv6(ownMAC, own6, other6, 58, icmp(128)), true},
	{"ping6 on the link", ipv6(ownMAC, ownLink, all6, 58, icmp(128)), true},
	{"tcp6", ipv6(ownMAC, own6, other6, 6, tcp(40000, 80)), true},
	{"udp6 fragment", ipv6(ownMAC, own6, other6, 44, fragment(17, 0, true, udp(40000, 53))), true},
	{"later udp6 fragment", ipv6(ownMAC, own6, other6, 44, fragment(17, 3, false, make([]byte, 16))), true},
	{"another's address6", ipv6(ownMAC, other6, own6, 58, icmp(128)), false},
	{"another's link-local", ipv6(ownMAC, badLink, all6, 58, icmp(128)), false},
	{"another's MAC6", ipv6(otherMAC, own6, other6, 58, icmp(128)), false},
	{"no address6", ipv6(ownMAC, any6, other6, 17, udp(40000, 53)), false},
	{"later fragment of another6", ipv6(ownMAC, other6, own6, 44, fragment(17, 3, false, make([]byte, 16))), false},

	{"DHCPv6 request", ipv6(ownMAC, ownLink, all6, 17, udp(546, 547)), true},
	{"DHCPv6 reply", ipv6(ownMAC, ownLink, all6, 17, udp(547, 546)), false},
	{"DHCPv6 request from another's link-local", ipv6(ownMAC, badLink, all6, 17, udp(546, 547)), false},
	{"router solicitation", ipv6(ownMAC, ownLink, all6, 58, icmp(133)), true},
	{"router advertisement", ipv6(ownMAC, ownLink, all6, 58, icmp(134)), false},
	{"router advertisement behind options", ipv6(ownMAC, ownLink, all6, 60, options(58, icmp(134))), false},
	{"router advertisement in a fragment", ipv6(ownMAC, ownLink, all6, 44, fragment(58, 0, true, icmp(134))), false},
	{"redirect6", ipv6(ownMAC, ownLink, other6, 58, icmp(137)), false},
	{"fragment that hides udp", ipv6(ownMAC, own6, other6, 44, fragment(60, 0, true, options(17, nil))), false},
	{"fragment that hides icmp", ipv6(ownMAC, own6, other6, 44, fragment(60, 0, true, options(58, nil))), false},
	{"fragment that hides all", ipv6(ownMAC, own6, other6, 44, fragment(60, 0, true, nil)), false},
	{"fragment on the link", ipv6(ownMAC, ownLink, all6, 44, fragment(58, 3, false, make([]byte, 16))), false},

	{"solicitation", ipv6(ownMAC, own6, all6, 58, neighbour(135, other6, 1, ownMAC)), true},
	{"solicitation from the link", ipv6(ownMAC, ownLink, all6, 58, neighbour(135, other6, 1, ownMAC)), true},
	{"solicitation without an option", ipv6(ownMAC, own6, other6, 58, neighbour(135, other6, 0, nil)), true},
	{"solicitation with another's MAC inside", ipv6(ownMAC, own6, all6, 58, neighbour(135, other6, 1, otherMAC)), false},
	{"solicitation of another", ipv6(ownMAC, other6, all6, 58, neighbour(135, own6, 1, ownMAC)), false},
	{"solicitation with two MACs", ipv6(ownMAC, own6, all6, 58, append(neighbour(135, other6, 1, otherMAC), lladdr(1, ownMAC)...)), false},
	{"advertisement", ipv6(ownMAC, own6, other6, 58, neighbour(136, own6, 2, ownMAC)), true},
	{"advertisement of the link-local", ipv6(ownMAC, ownLink, all6, 58, neighbour(136, ownLink, 2, ownMAC)), true},
	{"advertisement without an option", ipv6(ownMAC, own6, other6, 58, neighbour(136, own6, 0, nil)), true},
	{"advertisement for another", ipv6(ownMAC, own6, all6, 58, neighbour(136, other6, 2, ownMAC)), false},
	{"advertisement with another's MAC inside", ipv6(ownMAC, own6, all6, 58, neighbour(136, own6, 2, otherMAC)), false},
	{"advertisement under another's address", ipv6(ownMAC, other6, all6, 58, neighbour(136, own6, 2, ownMAC)), false},
	{"advertisement of nobody", ipv6(ownMAC, any6, all6, 58, neighbour(136, own6, 2, ownMAC)), false},
	{"duplicate detection", ipv6(ownMAC, any6, all6, 58, neighbour(135, own6, 0, nil)), true},
	{"duplicate detection on the link", ipv6(ownMAC, any6, all6, 58, neighbour(135, ownLink, 0, nil)), true},
	{"duplicate detection of another", ipv6(ownMAC, any6, all6, 58, neighbour(135, other6, 0, nil)), false},
	{"listener report", ipv6(ownMAC, any6, all6, 0, options(58, icmp(143))), true},
	{"listener report of version 1", ipv6(ownMAC, any6, all6, 0, options(58, icmp(131))), true},
	{"listener done", ipv6(ownMAC, any6, all6, 0, options(58, icmp(132))), true},
	{"listener query of nobody", ipv6(ownMAC, any6, all6, 0, options(58, icmp(130))), false},
	{"listener report under another's MAC", ipv6(otherMAC, any6, all6, 0, options(58, icmp(143))), false},

	{"a tag", tagged(0x8100, 200, ipv4(ownMAC, own4, other4, 1, 0, icmp(8))), false},
	{"a tag of priority", tagged(0x8100, 0, ipv4(ownMAC, own4, other4, 1, 0, icmp(8))), false},
	{"a service tag", tagged(0x88a8, 200, ipv4(ownMAC, own4, other4, 1, 0, icmp(8))), false},
	{"reverse ARP", ethernet(ownMAC, 0x8035, make([]byte, 28)), false},
	{"LLDP", ethernet(ownMAC, 0x88cc, make([]byte, 46)), false},
	{"spanning tree", ethernet(ownMAC, 38, make([]byte, 46)), false},
}

// Each frame goes through the flows of a real bridge, and comes out or not.
func TestFilterFrames(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := plugged(h, s, newNIC(bridge, h.addTap(), 1))
	bare := unfiltered(h, s, newNIC(bridge, h.addTap(), 2))
	lifted := newNIC(bridge, h.addTap(), 3)
	lifted.Port.Secure = false
	plugged(h, s, lifted)
	h.vsctl("add-port", bridge, h.addTap(), "--", "add-port", bridge, h.addTap(), "tag=100")

	for _, tt := range frames {
		t.Run(tt.name, func(t *testing.T) {
			if got := h.passes(t, bridge, n.OFPort, tt.frame); got != tt.pass {
				t.Errorf("passes: %v, want %v", got, tt.pass)
			}
			if h.passes(t, bridge, bare.OFPort, tt.frame) {
				t.Error("passes from a port of ours that has no rules")
			}
		})
	}
	for port, want := range map[int]bool{lifted.OFPort: true, 1: true, localPort: true} {
		frame := ipv4(otherMAC, other4, own4, 1, 0, icmp(8))
		if got := h.passes(t, bridge, port, frame); got != want {
			t.Errorf("from port %d passes: %v, want %v", port, got, want)
		}
	}
}

const localPort = 65534

// plugged returns n when its filter and its port are in place.
func plugged(h *host, s *Switch, n vif.NIC) vif.NIC {
	h.Helper()
	if err := s.Filter(h.context(), n); err != nil {
		h.Fatal(err)
	}
	return unfiltered(h, s, n)
}

// unfiltered returns n when its port is in place.
func unfiltered(h *host, s *Switch, n vif.NIC) vif.NIC {
	h.Helper()
	if err := s.Plug(h.context(), n); err != nil {
		h.Fatal(err)
	}
	if err := s.Wired(h.context(), n); err != nil {
		h.Fatal(err)
	}
	return n
}

// toNobody is what is done with a frame on a bridge that has no flow at all: it is
// kept for a controller.
const toNobody = "userspace(pid=0,controller("

// passes tells whether the frame gets out of the bridge. The words of the trace
// are read here, for the client stumbles over the flags of TCP.
func (h *host) passes(t *testing.T, bridge string, port int, frame []byte) bool {
	t.Helper()
	var said string
	appctl := ovs.New(ovs.Exec(func(command string, args ...string) ([]byte, error) {
		said = h.run(command, append([]string{"--target=" + h.path("vs.ctl")}, args...)...)
		return []byte(said), nil
	}))
	appctl.App.ProtoTrace(bridge, "", []ovs.Match{ovs.InPortMatch(port)}, hex.EncodeToString(frame))
	actions := lineOf(said, "Datapath actions: ")
	if actions == "" {
		t.Fatalf("no actions in %s", said)
	}
	return actions != "drop" && !strings.HasPrefix(actions, toNobody)
}

// lineOf returns what follows the prefix on its line.
func lineOf(text, prefix string) string {
	_, rest, _ := strings.Cut(text, prefix)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

func mustMAC(s string) net.HardwareAddr {
	mac, err := net.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return mac
}
