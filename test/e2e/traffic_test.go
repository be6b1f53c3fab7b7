package e2e

import (
	"fmt"
	"strings"
	"testing"

	"vifd/test/testhost"
)

// A plugged NIC with its addresses, as the guest has it.
type plugged struct {
	nic
	guest *testhost.Running
	dev   string
}

// plug attaches a NIC and gives the guest its addresses.
func plug(t *testing.T, name, body string) plugged {
	t.Helper()
	g := host.Guest(name)
	console := g.Console()
	n := attach(t, g, body)
	p := plugged{n, g, strings.Fields(appears(t, console, n))[2]}
	for version, bits := range map[int]int{4: 24, 6: 64} {
		if ip := n.ip(version); ip.IsValid() {
			in(t, g, fmt.Sprintf("ip addr add %v/%d dev %s", ip, bits, p.dev))
		}
	}
	in(t, g, addressesReady(p.dev))
	return p
}

// addressesReady is a command that waits until no address of the device is
// being looked for a second time on the link.
func addressesReady(dev string) string {
	return "while ip addr show dev " + dev + " | grep -q tentative; do usleep 100000; done"
}

func peer(t *testing.T, network string, addresses ...string) *testhost.Peer {
	t.Helper()
	p, err := host.Peer(within(t, patience), network, addresses...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Remove(within(t, patience)); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Guests on one network reach each other, by either IP version and with more
// than fits in a packet; who is on another network does not get there.
func TestTraffic(t *testing.T) {
	clean(t)
	a, b := plug(t, "g1", `{"net_id": "$blue"}`), plug(t, "g2", `{"net_id": "$blue"}`)
	in(t, a.guest, fmt.Sprintf("ping -c 3 -W 10 %v", b.ip(4)))
	in(t, a.guest, fmt.Sprintf("ping6 -c 3 -W 10 %v", b.ip(6)))
	in(t, b.guest, fmt.Sprintf("ping6 -c 3 -W 10 %v", a.ip(6)))
	sum := in(t, b.guest, "sha256sum </www/big")
	for _, version := range []int{4, 6} {
		got := in(t, a.guest, fmt.Sprintf("nc -w 20 %v 7 </www/big | sha256sum", b.ip(version)))
		if got != sum {
			t.Errorf("over IPv%d came back %s, want %s", version, got, sum)
		}
	}
	friend, stranger := peer(t, "blue", "10.20.0.250/24", "fd00:20::250/64"), peer(t, "red", "10.20.0.251/24", "fd00:20::251/64")
	for _, command := range []string{
		fmt.Sprintf("ping -c 2 -i 0.2 -W 5 %v", a.ip(4)),
		fmt.Sprintf("ping -c 2 -i 0.2 -W 5 %v", a.ip(6)),
		fmt.Sprintf("curl -sSf -m 20 -o /dev/null http://%v/big", a.ip(4)),
	} {
		if out, err := friend.Run(within(t, patience), "sh", "-c", command); err != nil {
			t.Errorf("from the same network: %s: %s, %v", command, out, err)
		}
		quick := strings.NewReplacer("-W 5", "-W 1", "-m 20", "-m 1").Replace(command)
		if out, err := stranger.Run(within(t, patience), "sh", "-c", quick); err == nil {
			t.Errorf("from the other network: %s: %s", command, out)
		}
	}
}
