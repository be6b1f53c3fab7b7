package hypervisor

import (
	"context"
	"os/exec"
	"testing"

	"vifd/agent/hotplug/hotplugtest"
	"vifd/test/testhost"
	"vifd/vif"
)

// libvirt keeps what the engine is promised of a hypervisor.
func TestPromises(t *testing.T) {
	hotplugtest.RunHypervisor(t, func(t *testing.T) hotplugtest.Guests {
		h, _ := run(t)
		one := func(g testhost.Guest) func() string { return func() string { return guest(t, g).UUID } }
		names := map[string]string{}
		for _, name := range []string{"holding", "lying"} {
			names[box.Guest(name).UUID] = name
		}
		return hotplugtest.Guests{
			Hypervisor: h,
			Running:    one(testhost.Guest{Name: "running", Firmware: true}),
			Willing:    func() string { return box.Guest("g1").UUID },
			Passing:    one(testhost.Guest{Name: "bypassing", Firmware: true, Transient: true}),
			Stubborn:   one(testhost.Guest{Name: "holding", Firmware: true}),
			Off:        one(testhost.Guest{Name: "lying", Off: true}),
			Tight:      one(testhost.Guest{Name: "tight", Firmware: true, Slots: 1}),
			Tap:        func(n vif.NIC) { tapFor(t, n) },
			Destroy:    func(server string) { virsh(t, "destroy", names[server]) },
			Undefine:   func(server string) { virsh(t, "undefine", names[server]) },
			Stop:       func() { pausing(t) },
		}
	})
}

// tapFor makes n's tap, which goes with the test.
func tapFor(t *testing.T, n vif.NIC) {
	ip(t, "tuntap", "add", n.Tap, "mode", "tap", "vnet_hdr")
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", n.Tap).Run() })
}

// pausing ends libvirtd for the rest of the test.
func pausing(t *testing.T) {
	t.Cleanup(func() {
		if err := box.Libvirtd.Start(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := box.Libvirtd.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
}
