package hypervisor

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"vifd/libvirtxml"
	"vifd/test/testhost"
	"vifd/vif"
)

// seen returns the NIC as the guest's XML has it, live or defined.
func seen(t *testing.T, g *testhost.Running, n vif.NIC, live bool) (vif.ServerNIC, bool) {
	t.Helper()
	text, err := g.XML(t.Context(), live)
	if err != nil {
		t.Fatal(err)
	}
	d, err := libvirtxml.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.Server.NIC(n.DeviceAlias())
}

// tag returns the tag that the guest's XML has for the NIC, live or defined.
func tag(t *testing.T, g *testhost.Running, n vif.NIC, live bool) (vif.Tag, bool) {
	t.Helper()
	text, err := g.XML(t.Context(), live)
	if err != nil {
		t.Fatal(err)
	}
	d, err := libvirtxml.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := d.Metadata.Port(n.Port.ID)
	return p.Tag, ok
}

// A NIC on its whole way into a running guest and out, each step done twice.
func TestRunningGuest(t *testing.T) {
	h, _ := run(t)
	ctx := within20s(t)
	g := box.Guest("g1")
	n := nic(t, g.UUID, 1)
	console := g.Console()
	virsh(t, "metadata", "g1", "--uri", libvirtxml.Namespace, "--key", "vifd", "--live", "--config",
		"--set", "<ports><port id='left-by-a-crash' mac='' gen='1'/></ports>")

	for range 2 {
		if err := h.Show(ctx, n, false); err != nil {
			t.Fatal(err)
		}
	}
	if got, ok := seen(t, g, n, true); !ok || got.Link || got.MAC != n.Port.MAC || got.MTU != 1442 {
		t.Errorf("shown: %+v, %v", got, ok)
	}
	if _, ok := seen(t, g, n, false); ok {
		t.Error("it is in the definition before Persist")
	}
	for _, up := range []bool{true, true, false, true} {
		if err := h.Link(ctx, n, up); err != nil {
			t.Fatal(err)
		}
		if got, _ := seen(t, g, n, true); got.Link != up {
			t.Errorf("link is %v, want %v", got.Link, up)
		}
	}
	if _, err := console.Line(ctx, n.Port.MAC); err != nil {
		t.Error(err)
	}
	pci := attach(t, h, n)
	for _, live := range []bool{true, false} {
		if got, ok := seen(t, g, n, live); !ok || got.PCI != pci || got.Tap != n.Tap || !got.Link {
			t.Errorf("live %v: %+v, want it at %s", live, got, pci)
		}
		if got, ok := tag(t, g, n, live); !ok || got != n.Tag {
			t.Errorf("live %v: tag %q, %v", live, got, ok)
		}
	}
	detach(t, h, g, n)
}

// Show does not wait for libvirt's books, and whoever comes next does.
func TestShowAsSoonAsGuest(t *testing.T) {
	h, _ := run(t)
	g := box.Guest("g1")
	n := nic(t, g.UUID, 5)
	early := 0
	for range 10 {
		if err := h.Show(within20s(t), n, true); err != nil {
			t.Fatal(err)
		}
		h.nics.mu.Lock()
		if _, busy := h.nics.names[n.DeviceAlias()]; busy {
			early++
		}
		h.nics.mu.Unlock()
		if got, ok := seen(t, g, n, true); !ok || got.MAC != n.Port.MAC || got.PCI == "" {
			t.Errorf("libvirt has it as %+v, %v", got, ok)
		}
		if err := h.Hide(within20s(t), n); err != nil {
			t.Fatal(err)
		}
	}
	if early == 0 {
		t.Error("each of 10 waited until libvirt's call was over")
	}
}

// Two NICs of a server keep out of each other's way, in the metadata too.
func TestTwoNICs(t *testing.T) {
	h, _ := run(t)
	g := box.Guest("g1")
	one, two := nic(t, g.UUID, 2), nic(t, g.UUID, 3)
	var group sync.WaitGroup
	for _, n := range []vif.NIC{one, two} {
		group.Go(func() { attach(t, h, n) })
	}
	group.Wait()
	virsh(t, "metadata", "g1", "--uri", libvirtxml.OwnerNamespace, "--key", "vifd", "--set", "<owner project='p'/>", "--live", "--config")
	ctx := within20s(t)
	soon, cancel := context.WithTimeout(ctx, firstWait-time.Second/2) // too soon for any look but the event
	defer cancel()
	if err := errors.Join(h.Hide(soon, one), h.Forget(ctx, one)); err != nil {
		t.Fatal(err)
	}
	for _, live := range []bool{true, false} {
		if _, ok := seen(t, g, two, live); !ok {
			t.Errorf("live %v: the other NIC is gone", live)
		}
		if got, ok := tag(t, g, two, live); !ok || got != two.Tag {
			t.Errorf("live %v: the other NIC's tag is %q, %v", live, got, ok)
		}
	}
	if s, err := h.Server(ctx, g.UUID); err != nil || s.Project != "p" {
		t.Errorf("the owner is %q, %v", s.Project, err)
	}
	virsh(t, "metadata", "g1", "--uri", libvirtxml.OwnerNamespace, "--key", "vifd", "--remove", "--live", "--config")
	detach(t, h, g, two)
}
