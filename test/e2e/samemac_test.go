package e2e

import (
	"strings"
	"testing"

	"vifd/test/testhost"
)

const twin = "52:54:00:77:77:77"

// sameMAC gives one server two NICs with one MAC, on two networks, and takes out
// one: that one goes, and the other stays as it is; whichever comes first.
func sameMAC(t *testing.T) {
	g := host.Guest("g1")
	one, _ := createPort(t, `{"network_id": "$blue", "mac_address": "`+twin+`"}`)
	two, _ := createPort(t, `{"network_id": "$red", "mac_address": "`+twin+`"}`)
	for _, order := range [][2]string{{one, two}, {two, one}} {
		leaves, stays := order[0], order[1]
		attach(t, g, `{"port_id": "`+leaves+`"}`)
		attach(t, g, `{"port_id": "`+stays+`"}`)
		gone := defined(t, g, leaves)
		before := defined(t, g, stays)
		if gone.MAC != before.MAC || gone.Target == before.Target {
			t.Fatalf("want two NICs with one MAC, there are %+v and %+v", gone, before)
		}
		taps(t, g, gone.Target.Dev, before.Target.Dev)
		detach(t, g, leaves)
		taps(t, g, before.Target.Dev)
		for _, live := range []bool{true, false} {
			if d, still := find(nics(t, g, live), leaves); still {
				t.Errorf("libvirt (live %t) still has %+v", live, d)
			}
		}
		if d := defined(t, g, stays); d != before {
			t.Errorf("what stays is %+v, and was %+v", d, before)
		}
		if s := state(t, g, stays); s != "ACTIVE" {
			t.Errorf("what stays is %s", s)
		}
		if out := in(t, g, "grep -l "+twin+" /sys/class/net/*/address"); strings.Contains(out, "\n") {
			t.Errorf("the guest has %s", out)
		}
		detach(t, g, stays)
	}
}

// taps wants the server's NICs with that MAC to be on these taps.
func taps(t *testing.T, g *testhost.Running, want ...string) {
	t.Helper()
	got := strings.Fields(sh(t, "virsh -q domiflist "+g.Name+" | awk '$5 == \""+twin+"\" {print $1}'"))
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("libvirt lists the taps %v, want %v", got, want)
	}
}
