package hotplugtest

import (
	"errors"
	"slices"
	"strings"

	"vifd/vif"
)

func knowsServers(g *guests) {
	want := map[string]vif.Server{
		g.Running(): {State: vif.ServerActive, Live: true, Persistent: true},
		g.Off():     {State: vif.ServerStopped, Persistent: true},
		g.Passing(): {State: vif.ServerActive, Live: true},
	}
	all, err := g.Servers(within(g, patience))
	must(g, err)
	for id, w := range want {
		i := slices.IndexFunc(all, func(s vif.Server) bool { return s.ID == id })
		if i < 0 {
			g.Errorf("server %s is not among %+v", id, all)
			continue
		}
		for _, s := range []vif.Server{all[i], g.server(id)} {
			if s.ID != id || s.State != w.State || s.Live != w.Live || s.Persistent != w.Persistent {
				g.Errorf("server %+v, want %+v", s, w)
			}
		}
	}
}

func knowsNoOthers(g *guests) {
	n := g.nic("00000000-0000-4000-8000-000000000000", 1)
	ctx := within(g, patience)
	_, server := g.Server(ctx, n.Server)
	_, persist := g.Persist(ctx, n)
	for what, err := range map[string]error{"Server": server, "Persist": persist, "Show": g.Show(ctx, n, true), "Link": g.Link(ctx, n, true)} {
		wants(g, what, vif.NotFound, err)
	}
	must(g, g.Hide(ctx, n), g.Forget(ctx, n))
	g.devices(n.Server)
	if found, err := g.Definitions(ctx, []vif.Server{{ID: n.Server, Live: true, Persistent: true}}); err != nil || len(found) != 0 {
		g.Errorf("definitions %+v, %v", found, err)
	}
}

func shows(g *guests) {
	id := g.Running()
	n, low := g.nic(id, 1), g.nic(id, 2)
	g.none(g.has(n))
	must(g, g.Show(within(g, patience), n, true), g.Show(within(g, patience), low, false))
	g.as(n, true)(g.has(n))
	g.as(low, false)(g.has(low))
	one, _ := g.has(n)
	other, _ := g.has(low)
	if one.PCI == other.PCI || !strings.HasPrefix(one.PCI, "0000:") {
		g.Errorf("at %q and %q", one.PCI, other.PCI)
	}
	g.none(g.defined(n))
	if text, err := g.XML(n); err != nil || !strings.Contains(text, "<interface") || !strings.Contains(text, n.Tap) || !strings.Contains(text, n.DeviceAlias()) {
		g.Errorf("%s, %v", text, err)
	}
	g.devices(id, n, low)
}

// devices sees that QEMU has these NICs of vifd's and no others.
func (g *guests) devices(server string, want ...vif.NIC) {
	g.Helper()
	var ports []string
	for _, n := range want {
		ports = append(ports, n.Port.ID)
	}
	slices.Sort(ports)
	got, err := g.Devices(within(g, patience), server)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, ports) {
		g.Errorf("devices %v, %v, want %v", got, err, ports)
	}
}

func showsOnce(g *guests) {
	n := g.shown(g.Running(), 1)
	was := g.server(n.Server)
	must(g, g.Show(within(g, patience), n, true))
	if now := g.server(n.Server); !slices.Equal(now.NICs, was.NICs) {
		g.Errorf("NICs %+v, and the second time %+v", was.NICs, now.NICs)
	}
}

func showsToOff(g *guests) {
	n := g.nic(g.Off(), 1)
	for range 2 {
		must(g, g.Show(within(g, patience), n, true))
		g.as(n, true)(g.has(n))
	}
	if s := g.server(n.Server); s.Live || len(s.NICs) != 1 {
		g.Errorf("server %+v", s)
	}
}

func refusesAnother(g *guests) {
	for i, id := range []string{g.Running(), g.Off()} {
		n := g.shown(id, i+1)
		other := n
		other.Port.MAC = "fa:16:3e:7a:99:99"
		wants(g, "Show", vif.InUse, g.Show(within(g, patience), other, true))
		g.as(n, true)(g.has(n))
	}
}

func refusesWithoutTap(g *guests) {
	n := nic(1, 7)
	n.Server = g.Running()
	if err := g.Show(within(g, patience), n, true); err == nil || errors.Is(err, vif.Unavailable) {
		g.Errorf("Show: %v", err)
	}
	g.none(g.has(n))
	g.devices(n.Server)
}

func refusesWithoutSlot(g *guests) {
	n := g.shown(g.Tight(), 1)
	other := g.nic(n.Server, 2)
	wants(g, "Show", vif.NoSlot, g.Show(within(g, patience), other, true))
	g.none(g.has(other))
	g.as(n, true)(g.has(n))
}

func setsLink(g *guests) {
	for i, id := range []string{g.Running(), g.Off()} {
		n := g.shown(id, i+1)
		was, _ := g.has(n)
		for _, up := range []bool{false, false, true} {
			must(g, g.Link(within(g, patience), n, up))
			g.as(n, up)(g.has(n))
		}
		if now, _ := g.has(n); now != was {
			g.Errorf("NIC %+v, and at last %+v", was, now)
		}
	}
}

func saysMissing(g *guests) {
	n := g.nic(g.Running(), 1)
	ctx := within(g, patience)
	_, persist := g.Persist(ctx, n)
	wants(g, "Persist", vif.WrongState, persist)
	wants(g, "Link", vif.WrongState, g.Link(ctx, n, true))
}

func saysUnavailable(g *guests) {
	n := g.shown(g.Running(), 1)
	server := g.server(n.Server)
	g.Stop()
	ctx := within(g, patience)
	await(g, "the loss", func() bool { _, err := g.Server(ctx, n.Server); return err != nil })
	_, one := g.Server(ctx, n.Server)
	_, all := g.Servers(ctx)
	_, persist := g.Persist(ctx, n)
	_, definitions := g.Definitions(ctx, []vif.Server{server})
	_, devices := g.Devices(ctx, n.Server)
	for what, err := range map[string]error{
		"Server": one, "Servers": all, "Persist": persist, "Definitions": definitions, "Devices": devices,
		"Show": g.Show(ctx, n, true), "Link": g.Link(ctx, n, true), "Hide": g.Hide(ctx, n), "Forget": g.Forget(ctx, n),
	} {
		wants(g, what, vif.Unavailable, err)
	}
}
