package e2e

import (
	"strings"
	"testing"
)

// Where the configuration says so, a NIC has a queue for each of the guest's CPUs.
func TestMultiqueue(t *testing.T) {
	clean(t)
	configured(t, "[nic]\nmultiqueue = true\n")
	for name, queues := range map[string]int{"g1": 0, "g2": 2} {
		p := plug(t, name, `{"net_id": "$blue", "fixed_ips": [{"ip_version": 4}]}`)
		if d := defined(t, p.guest, p.Port); d.Driver.Queues != queues {
			t.Errorf("%s: libvirt has %d queues, want %d", name, d.Driver.Queues, queues)
		}
		multi := strings.Contains(sh(t, "ip -d link show dev "+details(t, p.Port).Tap), " multi_queue ")
		if multi != (queues > 1) {
			t.Errorf("%s: the tap has many queues: %t", name, multi)
		}
		got := in(t, p.guest, "ls -d /sys/class/net/"+p.dev+"/queues/rx-* | wc -l")
		if want := map[int]string{0: "1", 2: "2"}[queues]; got != want {
			t.Errorf("%s: the guest sees %s queues, want %s", name, got, want)
		}
	}
	peer(t, "blue", "10.20.0.250/24")
	for _, name := range []string{"g1", "g2"} {
		in(t, host.Guest(name), "ping -c 2 -W 10 10.20.0.250")
	}
}
