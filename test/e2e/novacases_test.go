package e2e

import (
	"fmt"
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// What Nova's own functional and unit tests ask of attach and detach, where
// Tempest does not. The names are theirs, or say what they show.
func TestNovasCases(t *testing.T) {
	for _, tt := range []struct {
		name string
		test func(t *testing.T)
	}{
		{"test_bug_2080531", anotherMTU},
		{"test_detach_interface_negative_invalid_state", whileSuspended},
		{"test_attach_interface_failed", ownPortAfterFailure},
		{"test_detach_interface_failed", keptWhileHeld},
		{"two_nics_with_the_same_mac", sameMAC},
		{"test_virtual_interfaces", virtualInterfacesGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clean(t)
			tt.test(t)
		})
	}
}

// anotherMTU attaches from a network with a small MTU: the NIC that was there
// keeps its own, everywhere.
func anotherMTU(t *testing.T) {
	g := host.Guest("g1")
	large := attach(t, g, blue)
	small := attach(t, g, `{"net_id": "`+newLab(t).id()+`"}`)
	for round := range 2 {
		checkMTU(t, g, large.Port, 1500)
		checkMTU(t, g, small.Port, 1400)
		if round == 0 {
			restartVifd(t) // and who makes them whole again knows it, too
		}
	}
	detach(t, g, small.Port)
	checkMTU(t, g, large.Port, 1500)
}

// checkMTU looks at a NIC's tap, at its row of the switch, and at both of
// libvirt's definitions.
func checkMTU(t *testing.T, g *testhost.Running, port string, want int) {
	t.Helper()
	tap := details(t, port).Tap
	if got := linkOf(t, tap).MTU; got != want {
		t.Errorf("the tap of %s has MTU %d, want %d", port, got, want)
	}
	if got := column(t, "Interface", tap, "mtu_request", "mtu"); strings.Join(got, " ") != fmt.Sprint(want, " ", want) {
		t.Errorf("the switch port of %s has MTU %s, want %d", port, got, want)
	}
	defined(t, g, port)
	for _, live := range []bool{true, false} {
		if d, _ := find(nics(t, g, live), port); d.MTU.Size != want {
			t.Errorf("libvirt (live %t) says MTU %d of %s, want %d", live, d.MTU.Size, port, want)
		}
	}
}

// whileSuspended finds a server that was saved to disk in no state for a change.
func whileSuspended(t *testing.T) {
	g := host.Guest("g2")
	n := attach(t, g, blue)
	defined(t, g, n.Port)
	sh(t, "virsh managedsave g2")
	for act, a := range map[string]answer{
		"attach_interface": ask(t, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`),
		"detach_interface": ask(t, "DELETE", interfaces(g)+"/"+n.Port, ""),
	} {
		want := "Cannot '" + act + "' instance " + g.UUID + " while it is in vm_state suspended"
		if name, _, why := a.is(t, 409).fault(t); name != "conflictingRequest" || why != want {
			t.Errorf("refused with %s, want %q", a.Body, want)
		}
	}
	if ports := listed(t, g); len(ports) != 1 || !ports[n.Port] {
		t.Errorf("the server has %v, want %s", ports, n.Port)
	}
	sh(t, "virsh start g2")
	becomes(t, g, n.Port, "ACTIVE")
	in(t, g, "true")
	detach(t, g, n.Port)
}

// keptWhileHeld has a guest not let go of its NIC: its port, though made for it,
// is not freed before the guest has ended.
func keptWhileHeld(t *testing.T) {
	configured(t, "[timeouts]\ndetach = \"2s\"\n")
	g := spare(t, testhost.Guest{Name: "holds", Firmware: true})
	n := attach(t, g, blue)
	defined(t, g, n.Port)
	ask(t, "DELETE", "/v1/attachments/"+n.Port, "").is(t, 202) // which waits, in vain
	if s := state(t, g, n.Port); s != "BUILD" {
		t.Errorf("being detached, the port is %s", s)
	}
	if got := query(t, "port", "id="+n.Port+"&device_id="+g.UUID+"&mac_address="+n.MAC); len(got) != 1 {
		t.Error("the port was freed while its guest holds the NIC")
	}
	taken := fmt.Sprintf(`{"port": {"network_id": "$blue", "fixed_ips": [{"ip_address": "%v"}]}}`, n.ip(4))
	ask(t, "POST", "/v2.0/ports", taken).is(t, 409)
	if err := g.Destroy(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, soon, func() string {
		if a := ask(t, "GET", "/v2.0/ports/"+n.Port, ""); a.Status != 404 {
			return a.Body
		}
		return ""
	})
}

// virtualInterfacesGone has the list of old answer as Nova does since its release
// 18, at every version.
func virtualInterfacesGone(t *testing.T) {
	configured(t, "[compute]\nvirtual_interfaces = \"gone\"\n")
	for _, version := range []string{"2.1", "2.12", "2.43", "2.44", "latest"} {
		ask(t, "GET", "/v2.1/servers/$g1/os-virtual-interfaces", "", "X-OpenStack-Nova-API-Version: "+version).is(t, 410)
	}
}
