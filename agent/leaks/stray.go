package leaks

import (
	"fmt"
	"slices"

	"vifd/vif"
)

// strayNICs are NICs with our alias that servers have without an attachment.
func strayNICs(i *index) (found []vif.Leak) {
	for _, s := range i.Servers {
		seen := map[string]bool{}
		for _, n := range slices.Concat(s.NICs, i.Definitions[s.ID]) {
			port, ours := n.Port()
			if !ours || seen[port] || i.owned(s.ID, port) {
				continue
			}
			seen[port] = true
			l := vif.Leak{Kind: vif.StrayNIC, Object: n.Alias, Port: port, Server: s.ID, Why: "no attachment stands for it"}
			if _, elsewhere := i.rows[port]; !elsewhere && slices.Contains(s.Noted, port) {
				l.Kind, l.Why = vif.Unknown, "the metadata says that vifd plugged it in, and the store does not know it"
			}
			found = append(found, l)
		}
	}
	return found
}

// strayMetadata are ports that a domain's metadata names and the domain has not.
func strayMetadata(i *index) (found []vif.Leak) {
	for _, s := range i.Servers {
		for _, port := range s.Noted {
			if !i.owned(s.ID, port) && !i.has(s, port) {
				found = append(found, vif.Leak{Kind: vif.StrayMetadata, Object: port, Port: port, Server: s.ID,
					Why: "the metadata names it, and the server has no such NIC"})
			}
		}
	}
	return found
}

// has tells whether the server, or its definition, has a NIC of the port.
func (i *index) has(s vif.Server, port string) bool {
	return slices.ContainsFunc(slices.Concat(s.NICs, i.Definitions[s.ID]), func(n vif.ServerNIC) bool {
		p, ours := n.Port()
		return ours && p == port
	})
}

// strayDevices are NICs that QEMU has and libvirt does not know.
func strayDevices(i *index) (found []vif.Leak) {
	for server, ports := range i.Devices {
		for _, port := range ports {
			if s, ok := i.servers[server]; ok && !i.owned(server, port) && !i.has(s, port) {
				found = append(found, vif.Leak{Kind: vif.StrayDevice, Object: vif.DeviceAliasPrefix + port, Port: port, Server: server,
					Why: "QEMU has it, and libvirt does not know it"})
			}
		}
	}
	return found
}

// stray tells whether nobody owns what has the port and the name.
func (i *index) stray(port, name string) (why string, is bool) {
	a, known := i.rows[port]
	switch {
	case !i.ServersKnown || !known && i.shown[port]:
		return "", false
	case !known:
		return "no attachment stands for it", true
	case a.NIC.Tap != name:
		return fmt.Sprintf("the port's tap is %s", a.NIC.Tap), true
	}
	return "", false
}

func strayTaps(i *index) (found []vif.Leak) {
	for _, t := range i.Taps {
		if why, is := i.stray(t.Port, t.Name); is {
			found = append(found, vif.Leak{Kind: vif.StrayTap, Object: t.Name, Port: t.Port, Gen: t.Gen, Why: why})
		}
	}
	return found
}

func straySwitchPorts(i *index) (found []vif.Leak) {
	for _, p := range i.Plugged {
		if why, is := i.stray(p.Port, p.Name); is && i.SwitchKnown {
			found = append(found, vif.Leak{Kind: vif.StraySwitchPort, Object: p.Name, Port: p.Port, Bridge: p.Bridge, Gen: p.Gen, Why: why})
		}
	}
	return found
}

func strayFlows(i *index) (found []vif.Leak) {
	for bridge, r := range i.Rules {
		for _, cookie := range r.Strays {
			if i.ServersKnown && !i.cookies[cookie] {
				found = append(found, vif.Leak{Kind: vif.StrayFlows, Object: fmt.Sprintf("%#x", cookie), Bridge: bridge, Cookie: cookie,
					Why: "no attachment on the bridge has this cookie"})
			}
		}
	}
	return found
}

// strayClaims are ports that are bound here and that no attachment stands for. A
// released one stands for none: the port may have been claimed again since.
func strayClaims(i *index) (found []vif.Leak) {
	for _, p := range i.Held {
		if a, ok := i.rows[p.ID]; i.HeldKnown && i.ServersKnown && (!ok && !i.shown[p.ID] || ok && a.Released) {
			found = append(found, vif.Leak{Kind: vif.StrayClaim, Object: p.ID, Port: p.ID, Server: p.Device, Gen: p.Claim,
				Why: "the port is bound to the server, and no attachment stands for it"})
		}
	}
	return found
}
