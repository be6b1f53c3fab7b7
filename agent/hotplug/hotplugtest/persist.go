package hotplugtest

import (
	"slices"
	"time"

	"vifd/vif"
)

// noted sees whether the metadata of n's server name its port.
func (g *guests) noted(n vif.NIC, want bool) {
	g.Helper()
	if s := g.server(n.Server); slices.Contains(s.Noted, n.Port.ID) != want {
		g.Errorf("the metadata name %v, want %s among them: %t", s.Noted, n.Port.ID, want)
	}
}

func persists(g *guests) {
	n := g.shown(g.Running(), 1)
	g.noted(n, false)
	for range 2 {
		pci, err := g.Persist(within(g, patience), n)
		live, _ := g.has(n)
		if err != nil || pci == "" || pci != live.PCI || live.Tag != n.Tag {
			g.Errorf("at %q, %v, and the guest has %+v", pci, err, live)
		}
		defined, there := g.defined(n)
		if g.as(n, true)(defined, there); defined.PCI != pci {
			g.Errorf("the definition has it at %q, the guest at %q", defined.PCI, pci)
		}
		g.noted(n, true)
	}
}

func persistsLink(g *guests) {
	n := g.kept(g.Running(), 1)
	n.Link = vif.LinkDown
	_, err := g.Persist(within(g, patience), n)
	must(g, err)
	g.as(n, false)(g.defined(n))
	g.as(n, true)(g.has(n))
}

func persistsPassing(g *guests) {
	n := g.shown(g.Passing(), 1)
	pci, err := g.Persist(within(g, patience), n)
	if live, _ := g.has(n); err != nil || pci == "" || pci != live.PCI {
		g.Errorf("at %q, %v, and the guest has %+v", pci, err, live)
	}
	g.noted(n, true)
	g.none(g.defined(n))
}

func persistsOff(g *guests) {
	n := g.shown(g.Off(), 1)
	pci, err := g.Persist(within(g, patience), n)
	if has, _ := g.has(n); err != nil || pci == "" || pci != has.PCI {
		g.Errorf("at %q, %v, and the definition has %+v", pci, err, has)
	}
	g.noted(n, true)
	g.none(g.defined(n)) // it has no other than it is
}

func endsPersisted(g *guests) {
	id := g.Stubborn()
	kept, shown := g.kept(id, 1), g.shown(id, 2)
	g.Destroy(id)
	g.as(kept, true)(g.has(kept))
	g.none(g.has(shown))
	g.noted(kept, true)
}

func hides(g *guests) {
	id := g.Willing()
	n, other := g.kept(id, 1), g.kept(id, 2)
	for range 2 {
		must(g, g.Hide(within(g, patience), n))
		g.none(g.has(n))
		g.none(g.defined(n))
	}
	g.as(other, true)(g.has(other))
	g.as(other, true)(g.defined(other))
	g.devices(id, other)
	must(g, g.Hide(within(g, patience), other), g.Forget(within(g, patience), n), g.Forget(within(g, patience), other))
	g.devices(id)
}

func hidesNothing(g *guests) {
	for i, id := range []string{g.Running(), g.Off(), g.Stubborn()} {
		must(g, g.Hide(within(g, patience), g.nic(id, i+1)))
	}
}

func hidesFromOff(g *guests) {
	n := g.kept(g.Off(), 1)
	for range 2 {
		must(g, g.Hide(within(g, patience), n), g.Forget(within(g, patience), n))
		g.none(g.has(n))
		g.noted(n, false)
	}
}

func waitsForGuest(g *guests) {
	n := g.kept(g.Stubborn(), 1)
	for range 2 {
		wants(g, "Hide", vif.Pending, g.Hide(within(g, time.Second), n))
		g.as(n, true)(g.has(n))
		g.none(g.defined(n)) // with its next start it is gone
	}
	g.Destroy(n.Server)
	g.none(g.has(n))
	must(g, g.Hide(within(g, patience), n))
	g.none(g.has(n))
}

func forgets(g *guests) {
	id := g.Willing()
	n, other := g.kept(id, 1), g.kept(id, 2)
	must(g, g.Hide(within(g, patience), n))
	for range 2 {
		must(g, g.Forget(within(g, patience), n))
		g.noted(n, false)
		g.noted(other, true)
	}
	must(g, g.Hide(within(g, patience), other), g.Forget(within(g, patience), other))
	g.noted(other, false)
}

func letsGone(g *guests) {
	n := g.kept(g.Off(), 1)
	g.Undefine(n.Server)
	must(g, g.Hide(within(g, patience), n), g.Forget(within(g, patience), n))
	_, err := g.Server(within(g, patience), n.Server)
	wants(g, "Server", vif.NotFound, err)
}
