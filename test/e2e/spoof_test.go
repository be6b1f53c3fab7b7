package e2e

import (
	"fmt"
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// A lie is a packet that a guest may not send: how it sends it, and words by
// which it is known at the other end. $dev is the guest's device and $mac its
// MAC.
type lie struct {
	name, command string
	words         []string
}

var lies = []lie{
	{"IPv4 source", "ip addr add 10.20.0.249/24 dev $dev; ping -c 1 -W 1 -I 10.20.0.249 10.20.0.250; ip addr del 10.20.0.249/24 dev $dev",
		[]string{"10.20.0.249 > 10.20.0.250"}},
	{"ARP sender", "ip addr add 10.20.0.248/24 dev $dev; arping -q -c 1 -w 1 -I $dev -s 10.20.0.248 10.20.0.250; ip addr del 10.20.0.248/24 dev $dev",
		[]string{"tell 10.20.0.248"}},
	{"IPv6 source", "ip addr add fd00:20::249/64 dev $dev; " + addressesReady("$dev") + "; ping6 -c 1 -W 1 -I fd00:20::249 fd00:20::250; ip addr del fd00:20::249/64 dev $dev",
		[]string{"fd00:20::249 > "}},
	{"neighbour", "ip addr add fd00:20::247/64 dev $dev; " + addressesReady("$dev") + "; ip addr del fd00:20::247/64 dev $dev",
		[]string{":: > ", "who has fd00:20::247"}},
	{"MAC", "ip link set dev $dev address 02:00:00:00:00:66; ping -c 1 -W 1 10.20.0.250; ip link set dev $dev address $mac",
		[]string{"02:00:00:00:00:66 >"}},
}

// What a guest says it is, it has to be; unless port security is lifted, which
// also shows that each lie would have been heard.
func TestSpoofing(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		heard      bool
	}{
		{"filtered", `{"net_id": "$blue"}`, false},
		{"lifted", `{"net_id": "$blue", "port_security_enabled": false}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clean(t)
			p := plug(t, "g1", tt.body)
			friend := peer(t, "blue", "10.20.0.250/24", "fd00:20::250/64")
			in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
			heard := listen(t, friend)
			for _, l := range lies {
				_, _ = try(t, p.guest, fmt.Sprintf("dev=%s mac=%s; %s", p.dev, p.MAC, l.command)) // it may fail: nobody answers
			}
			if leased := serveDHCP(t, p, friend); leased != tt.heard {
				t.Errorf("the peer got an address from the guest: %t, want %t", leased, tt.heard)
			}
			advertise(t, p)
			in(t, p.guest, "ping -c 1 -W 10 -s 234 10.20.0.250")
			wait.Until(t, patience, func() string { return heard.lacks("length 276") })
			all := append(lies, lie{name: "DHCP server", words: []string{".67 > ", "BOOTP/DHCP, Reply"}},
				lie{name: "router advertisement", words: []string{"router advertisement"}})
			for _, l := range all {
				if got := heard.lacks(l.words...) == ""; got != tt.heard {
					t.Errorf("%s: heard: %t, want %t; all that was heard:\n%v", l.name, got, tt.heard, heard)
				}
			}
		})
	}
}

// serveDHCP has the guest run a DHCP server, and the peer ask for an
// address. It tells whether the peer got one.
func serveDHCP(t *testing.T, p plugged, friend *testhost.Peer) bool {
	t.Helper()
	in(t, p.guest, fmt.Sprintf("printf 'interface %s\\nstart 10.20.0.241\\nend 10.20.0.246\\npidfile /run/dhcp.pid\\n"+
		"lease_file /run/leases\\n' >/run/dhcp.conf; : >/run/leases; udhcpd /run/dhcp.conf", p.dev))
	defer in(t, p.guest, "kill $(cat /run/dhcp.pid)")
	_, err := friend.Run(within(t, patience), "busybox", "udhcpc", "-f", "-n", "-q", "-t", "8", "-T", "1", "-i", "eth0", "-s", "/bin/true")
	return err == nil
}

// advertise sends a router advertisement (RFC 4861) where the guest's packets
// come into the switch: the guest's busybox has nothing that does.
func advertise(t *testing.T, p plugged) {
	t.Helper()
	const toAllNodes = "333300000001"
	frame := toAllNodes + strings.ReplaceAll(p.MAC, ":", "") + "86dd" +
		"60000000" + "0010" + "3aff" +
		"fe800000000000000000000000000001" + "ff020000000000000000000000000001" +
		"8600" + "7cd8" + "40000708" + "00000000" + "00000000"
	sh(t, fmt.Sprintf("ovs-ofctl -O OpenFlow15 packet-out br-int 'in_port=%d packet=%s actions=table'", details(t, p.Port).OFPort, frame))
}
