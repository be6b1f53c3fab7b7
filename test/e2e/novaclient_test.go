package e2e

import (
	"testing"

	"vifd/test/testhost"
)

func guest1(t *testing.T) *testhost.Running {
	t.Helper()
	return host.Guest("g1")
}

func guestAndConsole(t *testing.T) (*testhost.Running, *testhost.Console) {
	t.Helper()
	return guest1(t), guest1(t).Console()
}

// novaclient plugs a NIC in by its network and an address, at the newest version
// that it and vifd have in common, and sees it at the oldest as well.
func TestNovaClient(t *testing.T) {
	clean(t)
	openly(t)
	g, console := guestAndConsole(t)
	made := nova(t, "interface-attach --net-id "+networkID(t, "blue")+" --fixed-ip 10.20.0.55 --tag uplink g1")
	n := only(t, g)
	contains(t, made, n.Port, n.MAC, "10.20.0.55", "ACTIVE", "uplink")
	if n.ip(4).String() != "10.20.0.55" || n.Tag == nil || *n.Tag != "uplink" {
		t.Errorf("g1 has %+v", n)
	}
	checkWhole(t, g, console, n)
	contains(t, nova(t, "interface-list g1"), n.Port, n.MAC, "10.20.0.55", "uplink")
	contains(t, nova(t, "--os-compute-api-version 2.1 interface-list "+g.UUID), n.Port, n.MAC, "10.20.0.55")
	contains(t, nova(t, "list"), "g1", "g2", "10.20.0.55")
	contains(t, nova(t, "show g1"), "10.20.0.55", "1-vcpu-128-mib")
	contains(t, nova(t, "--os-compute-api-version 2.1 show g1"), "1-vcpu-128-mib (1-vcpu-128-mib)")
	nova(t, "interface-detach g1 "+n.Port)
	gone(t, g, n.Port)
	contains(t, nova(t, "instance-action-list g1"), "attach_interface", "detach_interface")
}

// openstacksdk plugs a port of its own making in, and takes it out again.
func TestOpenStackSDK(t *testing.T) {
	clean(t)
	openly(t)
	g, console := guestAndConsole(t)
	made := printed[struct {
		Port, MAC, Tag string
		State          string
		Listed, Of     []string
	}](t, program(t, "python3", "testdata/sdk.py", plainDoor, "attach", "g1", "blue", "10.20.0.66"))
	t.Cleanup(func() { drop(t, "/v2.0/ports/"+made.Port) })
	n := only(t, g)
	if made.Port != n.Port || made.MAC != n.MAC || made.Tag != "sdk" || made.State != "ACTIVE" ||
		len(made.Listed) != 1 || made.Listed[0] != n.Port || len(made.Of) != 1 || made.Of[0] != n.Port {
		t.Errorf("it says %+v, g1 has %+v", made, n)
	}
	if n.ip(4).String() != "10.20.0.66" {
		t.Errorf("g1 has %+v", n)
	}
	checkWhole(t, g, console, n)
	left := printed[struct{ Listed []string }](t, program(t, "python3", "testdata/sdk.py", plainDoor, "detach", "g1", n.Port))
	if len(left.Listed) != 0 {
		t.Errorf("after the detach it says %+v", left)
	}
	ask(t, "GET", "/v2.0/ports/"+n.Port, "").is(t, 404)
}
