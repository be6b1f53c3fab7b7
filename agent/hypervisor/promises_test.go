package hypervisor

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"

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
		for _, name := range []string{"g1", "passing", "holding", "lying", "tight"} {
			names[box.Guest(name).UUID] = name
		}
		return hotplugtest.Guests{
			Hypervisor: h,
			Running:    func() string { return box.Guest("g1").UUID },
			Passing:    func() string { return box.Guest("passing").UUID },
			Stubborn:   one(testhost.Guest{Name: "holding", Firmware: true}),
			Off:        one(testhost.Guest{Name: "lying", Off: true}),
			Tight:      one(testhost.Guest{Name: "tight", Firmware: true, Slots: 1}),
			Tap:        func(n vif.NIC) { tapFor(t, h, n) },
			Destroy:    func(server string) { virsh(t, "destroy", names[server]) },
			Undefine:   func(server string) { virsh(t, "undefine", names[server]) },
			Stop:       func() { pausing(t, h) },
		}
	})
}

// tapFor makes n's tap. It goes with the test, and so does what there is of n in
// the guests that all tests have.
func tapFor(t *testing.T, h *Host, n vif.NIC) {
	ip(t, "tuntap", "add", n.Tap, "mode", "tap", "vnet_hdr")
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", n.Tap).Run() })
	if n.Server != box.Guest("g1").UUID && n.Server != box.Guest("passing").UUID {
		return
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		if err := errors.Join(h.Hide(ctx, n), h.Forget(ctx, n)); err != nil {
			t.Errorf("take it away again: %v", err)
		}
	})
}

// pausing ends libvirtd for the rest of the test.
func pausing(t *testing.T, h *Host) {
	t.Cleanup(func() {
		if err := box.Libvirtd.Start(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		for h.Up() != nil && ctx.Err() == nil {
			pause(ctx, 20*time.Millisecond)
		}
	})
	if err := box.Libvirtd.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
}
