package hotplug

import (
	"context"
	"fmt"

	"vifd/vif"
)

// The switch of a lab: one bridge.
const labBridge = "br-int"

// on tells whether the switch answers, and has the bridge.
func (l *lab) on(bridge string) error {
	if l.down["switch"] {
		return vif.Unavailable.Because("the switch is down")
	}
	if bridge != labBridge {
		return vif.NotFound.Because("there is no bridge %s", bridge)
	}
	return nil
}
func (l *lab) Healthy() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.on(labBridge)
}
func (l *lab) Bridge(_ context.Context, name string) (vif.Bridge, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return vif.Bridge{Name: name, Netdev: true}, l.on(name)
}
func (l *lab) Bridges(context.Context) ([]string, error) { return []string{labBridge}, l.Healthy() }
func (l *lab) Describe(n vif.NIC) (transaction, flows string) {
	return fmt.Sprintf("%+v", l.row(n)), rules(n)
}
func (l *lab) Free(name string) bool { p, there := l.rows[name]; return !there || p.Port != "" }

// rules are the flows that n should have.
func rules(n vif.NIC) string { return fmt.Sprint(n.OFPort, n.Port.MAC, n.Port.FixedIPs, n.Port.Secure) }

func (l *lab) Filter(_ context.Context, n vif.NIC) error {
	return l.do("switch", func() (bool, error) {
		was := l.flows[vif.Cookie(n.Port.ID)]
		err := l.on(n.Port.Segment.Bridge)
		if err == nil {
			l.flows[vif.Cookie(n.Port.ID)] = rules(n)
		}
		return was != rules(n), err
	})
}
func (l *lab) Unfilter(ctx context.Context, n vif.NIC) error {
	return ignore(vif.NotFound, l.Purge(ctx, n.Port.Segment.Bridge, vif.Cookie(n.Port.ID)))
}
func (l *lab) Purge(_ context.Context, bridge string, cookie uint64) error {
	return l.do("switch", func() (bool, error) {
		if err := l.on(bridge); err != nil {
			return false, err
		}
		_, there := l.flows[cookie]
		delete(l.flows, cookie)
		return there, nil
	})
}
func (l *lab) Lay(context.Context, string) error {
	return l.do("switch", func() (bool, error) { was := l.base; l.base = true; return !was, nil })
}
func (l *lab) Rules(_ context.Context, bridge string, nics []vif.NIC) (vif.Rules, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, known := vif.Rules{Base: l.base, Astray: map[string]bool{}}, map[uint64]bool{}
	for _, n := range nics {
		c := vif.Cookie(n.Port.ID)
		known[c] = true
		if l.flows[c] != rules(n) {
			r.Astray[n.Port.ID] = true
		}
	}
	for c := range l.flows {
		if !known[c] && c&vif.CookieMask == vif.CookieMark {
			r.Strays = append(r.Strays, c)
		}
	}
	return r, l.on(bridge)
}

// row is n's row as Plug writes it.
func (l *lab) row(n vif.NIC) vif.SwitchPort {
	return vif.SwitchPort{Bridge: labBridge, Name: n.Tap, Port: n.Port.ID, Gen: n.Gen, VLAN: n.Port.Segment.VLAN, MAC: n.Port.MAC,
		OFPort: n.OFPort, Index: l.taps[n.Tap].Index}
}
func (l *lab) Plug(_ context.Context, n vif.NIC) error {
	return l.do("switch", func() (bool, error) {
		if err := l.on(n.Port.Segment.Bridge); err != nil {
			return false, err
		}
		if p, there := l.rows[n.Tap]; there && p.Port == "" {
			return false, vif.InUse.Because("a stranger's row")
		}
		was, written := l.rows[n.Tap], l.drift[n.Port.ID]
		rivals := len(l.of(n.Port.ID, was))
		for _, p := range l.of(n.Port.ID, vif.SwitchPort{}) {
			delete(l.rows, p.Name)
		}
		delete(l.drift, n.Port.ID)
		l.rows[n.Tap] = l.row(n)
		return was != l.row(n) || written || rivals > 0, nil
	})
}

// of returns the rows of the port, but for one.
func (l *lab) of(port string, but vif.SwitchPort) (list []vif.SwitchPort) {
	for _, p := range l.rows {
		if p.Port == port && p != but {
			list = append(list, p)
		}
	}
	return list
}
func (l *lab) Unplug(_ context.Context, n vif.NIC) error {
	return l.do("switch", func() (changed bool, err error) {
		for _, p := range l.of(n.Port.ID, vif.SwitchPort{}) {
			if p.Gen <= n.Gen {
				delete(l.rows, p.Name)
				changed = true
			}
		}
		return changed, nil
	})
}
func (l *lab) Retire(_ context.Context, n vif.NIC) error {
	return l.do("switch", func() (bool, error) {
		ours := l.rows[n.Tap].Port != ""
		if ours {
			delete(l.rows, n.Tap)
		}
		return ours, nil
	})
}
func (l *lab) Wired(_ context.Context, n vif.NIC) error {
	return l.do("switch", func() (bool, error) {
		if p, _ := l.port(n); p.Index == 0 || p != l.row(n) {
			return false, vif.Unavailable.Because("the switch has %+v", p)
		}
		return false, nil
	})
}
func (l *lab) Port(n vif.NIC) (vif.SwitchPort, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.port(n)
}
func (l *lab) port(n vif.NIC) (vif.SwitchPort, bool) {
	p, there := l.rows[n.Tap]
	return p, there && p.Port == n.Port.ID && p.Gen == n.Gen
}
func (l *lab) Ports(context.Context) (list []vif.SwitchPort, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.rows {
		if p.Port != "" {
			list = append(list, p)
		}
	}
	return list, l.on(labBridge)
}
func (l *lab) Drifted(_ context.Context, nics []vif.NIC) (map[string]bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	drifted := map[string]bool{}
	for _, n := range nics {
		drifted[n.Port.ID] = l.drift[n.Port.ID] || len(l.of(n.Port.ID, vif.SwitchPort{})) > 1
	}
	return drifted, l.on(labBridge)
}
