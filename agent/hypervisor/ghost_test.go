package hypervisor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"libvirt.org/go/libvirt"

	"vifd/test/testhost"
	"vifd/vif"
)

// What a libvirtd that died left in QEMU is taken away, however far it had come.
func TestGhost(t *testing.T) {
	h, _ := run(t)
	for i, tt := range []struct {
		name     string
		device   bool // else there is only its back end
		firmware bool // the guest never lets go
	}{
		{"device", true, false},
		{"back end", false, false},
		{"guest that never lets go", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := guest(t, testhost.Guest{Name: fmt.Sprintf("haunted%d", i), Firmware: tt.firmware})
			n := nic(t, g.UUID, 900+i)
			haunt(t, g, n, tt.device)
			ctx := within20s(t)
			other := nic(t, g.UUID, 950+i) // gets the slot that libvirt believes to be free
			if err := h.Show(ctx, other, true); (vif.KindOf(err) == vif.Unavailable) != tt.device || !tt.device && err != nil {
				t.Errorf("another NIC meanwhile: %v", err)
			}
			if !tt.device {
				detach(t, h, g, other)
			}
			err := h.Hide(patient(t, !tt.firmware), n)
			if tt.firmware {
				if got := vif.KindOf(err); got != vif.Pending {
					t.Fatalf("hide: %v", err)
				}
				if err := g.Destroy(ctx); err != nil {
					t.Fatal(err)
				}
				err = h.Hide(ctx, n)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !tt.firmware {
				checkNoGhost(t, g, n)
				attach(t, h, n)
				detach(t, h, g, n)
			}
		})
	}
}

// patient returns a context that ends late or soon.
func patient(t *testing.T, late bool) context.Context {
	t.Helper()
	if late {
		return within20s(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}

// haunt gives QEMU a NIC behind libvirt's back.
func haunt(t *testing.T, g *testhost.Running, n vif.NIC, device bool) {
	t.Helper()
	qmp(t, g, `{"execute": "netdev_add", "arguments": {"type": "hubport", "hubid": 0, "id": "host`+n.DeviceAlias()+`"}}`)
	if device {
		qmp(t, g, `{"execute": "device_add", "arguments": {"driver": "virtio-net-pci", "bus": "pci.1", "addr": "0x0",
			"id": "`+n.DeviceAlias()+`", "netdev": "host`+n.DeviceAlias()+`"}}`)
	}
}

func checkNoGhost(t *testing.T, g *testhost.Running, n vif.NIC) {
	t.Helper()
	if out := qmp(t, g, `{"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}`); strings.Contains(out, n.DeviceAlias()) {
		t.Errorf("QEMU still has the device: %s", out)
	}
	if out := virsh(t, "qemu-monitor-command", g.Name, "--hmp", "info network"); strings.Contains(out, n.DeviceAlias()) {
		t.Errorf("QEMU still has the back end: %s", out)
	}
}

func qmp(t *testing.T, g *testhost.Running, command string) string {
	t.Helper()
	out := virsh(t, "qemu-monitor-command", g.Name, command)
	if strings.Contains(out, `"error"`) {
		t.Fatalf("%s: %s", command, out)
	}
	return out
}

// A NIC that QEMU has and libvirt does not know of any more, as its libvirtd died right
// after it was given, is given anew.
func TestShowOfGhost(t *testing.T) {
	h, _ := run(t)
	for i, device := range []bool{true, false} {
		g := guest(t, testhost.Guest{Name: fmt.Sprintf("forgotten%d", i)})
		n := nic(t, g.UUID, 970+i)
		haunt(t, g, n, device)
		attach(t, h, n)
		if got, ok := seen(t, g, n, true); !ok || got.MAC != n.Port.MAC || got.Tap != n.Tap {
			t.Errorf("device %v: libvirt has it as %+v, %v", device, got, ok)
		}
		detach(t, h, g, n)
		checkNoGhost(t, g, n)
	}
}

// What libvirt knows of, or could not be asked about, is no ghost, whatever it says.
func TestNoGhost(t *testing.T) {
	h, _ := run(t)
	g := box.Guest("g1")
	n := nic(t, g.UUID, 980)
	attach(t, h, n)
	busy := explain(libvirt.Error{Message: "Unable to create tap device: Device or resource busy"}, g.UUID)
	other := n
	other.Port.MAC = "fa:16:3e:00:00:99"
	if err := h.shown(within20s(t), other, "", busy); vif.KindOf(err) != vif.InUse {
		t.Errorf("with another MAC: %v", err)
	}
	if err := box.Libvirtd.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Libvirtd.Thaw() })
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := h.shown(short, n, "", busy); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("not looked at: %v", err)
	}
	if err := box.Libvirtd.Thaw(); err != nil {
		t.Fatal(err)
	}
	if out := qmp(t, g, `{"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}`); !strings.Contains(out, n.DeviceAlias()) {
		t.Errorf("QEMU was told to let go of a NIC that libvirt knows of: %s", out)
	}
	detach(t, h, g, n)
}
