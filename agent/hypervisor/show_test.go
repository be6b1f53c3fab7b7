package hypervisor

import (
	"strings"
	"testing"

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
	var pci string
	for range 2 {
		p, err := h.Persist(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		pci = p
	}
	for _, live := range []bool{true, false} {
		if got, ok := seen(t, g, n, live); !ok || got.PCI != pci || got.Tap != n.Tap || !got.Link {
			t.Errorf("live %v: %+v, want it at %s", live, got, pci)
		}
		if got, ok := tag(t, g, n, live); !ok || got != n.Tag {
			t.Errorf("live %v: tag %q, %v", live, got, ok)
		}
	}
	for range 2 {
		if err := h.Hide(ctx, n); err != nil {
			t.Fatal(err)
		}
		if err := h.Forget(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	for _, live := range []bool{true, false} {
		if got, ok := seen(t, g, n, live); ok {
			t.Errorf("live %v: still there: %+v", live, got)
		}
		if text, _ := g.XML(ctx, live); strings.Contains(text, libvirtxml.Namespace) {
			t.Errorf("live %v: something is left in\n%s", live, text)
		}
	}
}
