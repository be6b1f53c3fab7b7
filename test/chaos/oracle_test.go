package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vifd/agent/store"
	"vifd/vif"
)

// wrong compares the world, the ports and the operations with the attachments,
// line by line, and returns what is left over or missing. It is the test's own
// judge: nothing of vifd's judges for it. A port on its way in or out is wrong, too.
func (v *vifd) wrong(ctx context.Context) string {
	var rows []store.Attachment
	var open []string
	err := v.store.View(ctx, func(tx *store.Tx) (err error) {
		operations, err := tx.Operations()
		for _, o := range operations {
			if o.Result == "" {
				open = append(open, "operation open: "+o.Kind+" of port "+o.Port)
			}
		}
		if err == nil {
			rows, err = tx.Attachments()
		}
		return err
	})
	if err != nil {
		return err.Error()
	}
	ports, err := v.local.Ports(ctx)
	if err != nil {
		return err.Error()
	}
	return strings.Join(slices.Concat(open, differ(v.world.String(), v.should(rows)), bound(ports, rows)), "\n")
}

// should prints the world as the attachments want it.
func (v *vifd) should(rows []store.Attachment) string {
	v.world.mu.Lock()
	defer v.world.mu.Unlock()
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, a := range rows {
		n := a.NIC
		s := v.world.Servers[n.Server]
		if !a.Settled || !a.Persisted || a.Desired != store.Attached || a.Error != "" || s == nil {
			add("attachment of %s to %s: %s settled %t persisted %t %s", n.Port.ID, n.Server, a.Desired, a.Settled, a.Persisted, a.Error)
			continue
		}
		add("tap %s of %s gen %d mtu %d up true carrier %t", n.Tap, n.Port.ID, n.Gen, n.Port.MTU, s.Live)
		add("switch port %s of %s gen %d number %d vlan %d mac %s, polls its tap true", n.Tap, n.Port.ID, n.Gen, n.OFPort, n.Port.Segment.VLAN, n.Port.MAC)
		add("flows of %s: %s", n.Port.ID, rules(n))
		at := s.Defined[n.DeviceAlias()].PCI
		add("definition of %s has %s %s %s at %s", n.Server, n.DeviceAlias(), n.Port.MAC, n.Tap, at)
		add("metadata of %s has %s", n.Server, n.Port.ID)
		if s.Live {
			add("guest %s has %s %s %s at %s, link true", n.Server, n.DeviceAlias(), n.Port.MAC, n.Tap, at)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// differ returns the lines that only one of two sorted texts has.
func differ(is, should string) (lines []string) {
	here, there := strings.Split(is, "\n"), strings.Split(should, "\n")
	for _, line := range here {
		if line != "" && !slices.Contains(there, line) {
			lines = append(lines, "is, and should not be: "+line)
		}
	}
	for _, line := range there {
		if line != "" && !slices.Contains(here, line) {
			lines = append(lines, "should be, and is not: "+line)
		}
	}
	return lines
}

// bound returns what is wrong with the claims: they are those of the
// attachments, and no address is there twice.
func bound(ports []vif.Port, rows []store.Attachment) (wrong []string) {
	held, taken := map[string]string{}, map[string]bool{}
	for _, p := range ports {
		if p.Device != "" {
			held[p.ID] = p.Device
		}
		for _, ip := range p.FixedIPs {
			if taken[ip.Address.String()] || taken[p.MAC] {
				wrong = append(wrong, "given twice: "+ip.Address.String()+" or "+p.MAC)
			}
			taken[ip.Address.String()], taken[p.MAC] = true, true
		}
		if p.Ephemeral && p.Device == "" {
			wrong = append(wrong, "nobody's: port "+p.ID)
		}
	}
	for _, a := range rows {
		if held[a.NIC.Port.ID] != a.NIC.Server {
			wrong = append(wrong, "not bound: port "+a.NIC.Port.ID)
		}
		delete(held, a.NIC.Port.ID)
	}
	for port := range held {
		wrong = append(wrong, "bound, and not attached: port "+port)
	}
	return wrong
}
