package leaks

import (
	"fmt"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// each calls judge with every attachment that has to be whole, and returns what
// it says that is missing or wrong.
func (i *index) each(judge func(a store.Attachment) (kind vif.LeakKind, object, why string)) (found []vif.Leak) {
	for _, a := range i.Rows {
		if !whole(a) {
			continue
		}
		if kind, object, why := judge(a); kind != "" {
			found = append(found, vif.Leak{Kind: kind, Object: object, Port: a.NIC.Port.ID, Server: a.NIC.Server, Why: why})
		}
	}
	return found
}

func taps(i *index) []vif.Leak {
	byName := map[string]vif.Tap{}
	for _, t := range i.Taps {
		byName[t.Name] = t
	}
	return i.each(func(a store.Attachment) (vif.LeakKind, string, string) {
		switch t, ok := byName[a.NIC.Tap]; {
		case !ok || t.Port != a.NIC.Port.ID:
			return vif.MissingTap, a.NIC.Tap, "the host has no such tap of ours"
		case t.Gen != a.NIC.Gen || t.MTU != a.NIC.Port.MTU:
			return vif.WrongTap, a.NIC.Tap, fmt.Sprintf("generation %d, MTU %d; it should be %d, %d", t.Gen, t.MTU, a.NIC.Gen, a.NIC.Port.MTU)
		case t.Loud:
			return vif.WrongTap, a.NIC.Tap, "the kernel gave it an address, by which the guest could reach the host"
		}
		return "", "", ""
	})
}

func switchPorts(i *index) []vif.Leak {
	if !i.SwitchKnown {
		return nil
	}
	byName := map[string]vif.SwitchPort{}
	for _, p := range i.Plugged {
		byName[p.Name] = p
	}
	return i.each(func(a store.Attachment) (vif.LeakKind, string, string) {
		switch p, ok := byName[a.NIC.Tap]; {
		case !ok || p.Port != a.NIC.Port.ID:
			return vif.MissingSwitchPort, a.NIC.Tap, "the switch has no such port of ours"
		case p.Error != "":
			return vif.WrongSwitchPort, a.NIC.Tap, p.Error
		case i.Drifted[a.NIC.Port.ID]:
			return vif.WrongSwitchPort, a.NIC.Tap, "its rows are not as they were written"
		}
		return "", "", ""
	})
}

func flows(i *index) []vif.Leak {
	found := i.each(func(a store.Attachment) (vif.LeakKind, string, string) {
		if i.Rules[a.NIC.Port.Segment.Bridge].Astray[a.NIC.Port.ID] {
			return vif.MissingFlows, fmt.Sprintf("%#x", vif.Cookie(a.NIC.Port.ID)), "its flows are not those that filter the port"
		}
		return "", "", ""
	})
	for bridge, r := range i.Rules {
		if !r.Base {
			found = append(found, vif.Leak{Kind: vif.MissingBase, Object: bridge, Bridge: bridge, Why: "the bridge lacks its base flows"})
		}
	}
	return found
}

func nics(i *index) []vif.Leak {
	if !i.ServersKnown {
		return nil
	}
	return i.each(func(a store.Attachment) (vif.LeakKind, string, string) {
		alias := a.NIC.DeviceAlias()
		switch n, ok := i.servers[a.NIC.Server].NIC(alias); {
		case !ok:
			return vif.MissingNIC, alias, "the server does not have it"
		case n.MAC != a.NIC.Port.MAC || n.Tap != a.NIC.Tap:
			return vif.WrongNIC, alias, fmt.Sprintf("MAC %s on %s; it should be %s on %s", n.MAC, n.Tap, a.NIC.Port.MAC, a.NIC.Tap)
		case i.unheld(a):
			return vif.WrongNIC, alias, "its QEMU holds an older tap than " + a.NIC.Tap
		}
		return "", "", ""
	})
}

// unheld tells whether the server runs, and the NIC's tap is up and nobody holds it.
func (i *index) unheld(a store.Attachment) bool {
	s := i.servers[a.NIC.Server]
	if !s.Live || s.State != vif.ServerActive && s.State != vif.ServerPaused {
		return false
	}
	return slices.ContainsFunc(i.Taps, func(t vif.Tap) bool { return t.Name == a.NIC.Tap && t.Up && !t.Carrier })
}

// definitions are judged once the answer's work is through, which comes last.
func definitions(i *index) []vif.Leak {
	return i.each(func(a store.Attachment) (vif.LeakKind, string, string) {
		defined, looked := i.Definitions[a.NIC.Server]
		live, shown := i.servers[a.NIC.Server].NIC(a.NIC.DeviceAlias())
		if !looked || !shown || !a.Persisted {
			return "", "", ""
		}
		switch n, ok := (vif.Server{NICs: defined}).NIC(live.Alias); {
		case !ok:
			return vif.MissingDefinition, live.Alias, "the guest has it, and its definition not"
		case n.MAC != live.MAC || n.Tap != live.Tap || n.PCI != live.PCI && !n.Barred:
			return vif.WrongDefinition, live.Alias, fmt.Sprintf("the guest has %s at %s, its definition %s at %s", live.MAC, live.PCI, n.MAC, n.PCI)
		}
		return "", "", ""
	})
}

func bindings(i *index) []vif.Leak {
	held := map[string]string{}
	for _, p := range i.Held {
		held[p.ID] = p.Device
	}
	return i.each(func(a store.Attachment) (vif.LeakKind, string, string) {
		if i.HeldKnown && held[a.NIC.Port.ID] != a.NIC.Server {
			return vif.MissingPort, a.NIC.Port.ID, "the port is not bound to the server"
		}
		return "", "", ""
	})
}

// addresses are unique on their networks.
func addresses(i *index) (found []vif.Leak) {
	taken := map[[2]string]string{}
	for _, p := range i.Held {
		all := []string{p.MAC}
		for _, ip := range p.FixedIPs {
			all = append(all, ip.Address.String())
		}
		for _, address := range all {
			at := [2]string{p.Network, address}
			if other, ok := taken[at]; ok {
				found = append(found, vif.Leak{Kind: vif.SharedAddress, Object: address, Port: p.ID, Server: p.Device, Why: "port " + other + " has it too"})
			}
			taken[at] = p.ID
		}
	}
	return found
}
