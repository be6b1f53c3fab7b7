package hotplug

import (
	"context"
	"slices"

	"vifd/vif"
)

// The switch and the hypervisor of a lab.

func (l *lab) Bridge(context.Context, string) (vif.Bridge, error) {
	return vif.Bridge{Name: "br-int", Netdev: true}, nil
}
func (l *lab) Bridges(context.Context) ([]string, error)    { return []string{"br-int"}, nil }
func (l *lab) Describe(vif.NIC) (transaction, flows string) { return "", "" }
func (l *lab) Healthy() error                               { return nil }
func (l *lab) Free(name string) bool                        { p, there := l.rows[name]; return !there || p.Port != "" }

func (l *lab) Filter(_ context.Context, n vif.NIC) error {
	return l.do(func() (bool, error) {
		was := l.flows[vif.Cookie(n.Port.ID)]
		l.flows[vif.Cookie(n.Port.ID)] = true
		return !was, nil
	})
}
func (l *lab) Unfilter(ctx context.Context, n vif.NIC) error {
	return l.Purge(ctx, "", vif.Cookie(n.Port.ID))
}
func (l *lab) Purge(_ context.Context, _ string, cookie uint64) error {
	return l.do(func() (bool, error) {
		_, there := l.flows[cookie]
		delete(l.flows, cookie)
		return there, nil
	})
}
func (l *lab) Lay(context.Context, string) error {
	return l.do(func() (bool, error) { was := l.base; l.base = true; return !was, nil })
}
func (l *lab) Rules(_ context.Context, _ string, nics []vif.NIC) (vif.Rules, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, known := vif.Rules{Base: l.base, Astray: map[string]bool{}}, map[uint64]bool{}
	for _, n := range nics {
		c := vif.Cookie(n.Port.ID)
		known[c] = true
		if !l.flows[c] {
			r.Astray[n.Port.ID] = true
		}
	}
	for c := range l.flows {
		if !known[c] && c&vif.CookieMask == vif.CookieMark {
			r.Strays = append(r.Strays, c)
		}
	}
	return r, nil
}

// row is n's row as Plug writes it.
func (l *lab) row(n vif.NIC) vif.SwitchPort {
	return vif.SwitchPort{Bridge: "br-int", Name: n.Tap, Port: n.Port.ID, Gen: n.Gen, VLAN: n.Port.Segment.VLAN, MAC: n.Port.MAC,
		OFPort: n.OFPort, Index: l.taps[n.Tap].Index}
}
func (l *lab) Plug(_ context.Context, n vif.NIC) error {
	return l.do(func() (bool, error) {
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
	return l.do(func() (changed bool, err error) {
		for _, p := range l.of(n.Port.ID, vif.SwitchPort{}) {
			if p.Gen <= n.Gen {
				delete(l.rows, p.Name)
				changed = true
			}
		}
		return changed, nil
	})
}
func (l *lab) Retire(ctx context.Context, n vif.NIC) error { return l.Unplug(ctx, n) }
func (l *lab) Wired(_ context.Context, n vif.NIC) error {
	return l.do(func() (bool, error) {
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
	return list, nil
}
func (l *lab) Drifted(_ context.Context, nics []vif.NIC) (map[string]bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	drifted := map[string]bool{}
	for _, n := range nics {
		drifted[n.Port.ID] = l.drift[n.Port.ID] || len(l.of(n.Port.ID, vif.SwitchPort{})) > 1
	}
	return drifted, nil
}

func (l *lab) Server(_ context.Context, id string) (vif.Server, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, there := l.servers[id]
	if !there {
		return vif.Server{}, vif.NotFound.Because("no server %s", id)
	}
	s.NICs, s.Noted = slices.Clone(s.NICs), slices.Clone(s.Noted)
	return s.Server, nil
}
func (l *lab) Servers(ctx context.Context) (list []vif.Server, err error) {
	for id := range l.servers {
		s, _ := l.Server(ctx, id)
		list = append(list, s)
	}
	return list, nil
}
func (l *lab) Definitions(_ context.Context, servers []vif.Server) (map[string][]vif.ServerNIC, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[string][]vif.ServerNIC{}
	for _, s := range servers {
		if s.Live {
			found[s.ID] = slices.Clone(l.servers[s.ID].defined)
		}
	}
	return found, nil
}
func (l *lab) Devices(context.Context, string) ([]string, error) { return nil, nil }
func (l *lab) XML(vif.NIC) (string, error)                       { return "", nil }

// change changes a server that is there.
func (l *lab) change(id string, f func(*server) (bool, error)) error {
	return l.do(func() (bool, error) {
		s, there := l.servers[id]
		if !there {
			return false, vif.NotFound.Because("no server %s", id)
		}
		changed, err := f(&s)
		l.servers[id] = s
		return changed, err
	})
}

func shown(n vif.NIC) vif.ServerNIC {
	return vif.ServerNIC{Alias: n.DeviceAlias(), MAC: n.Port.MAC, Tap: n.Tap, Link: true}
}
func without(list []vif.ServerNIC, alias string) []vif.ServerNIC {
	return slices.DeleteFunc(slices.Clone(list), func(x vif.ServerNIC) bool { return x.Alias == alias })
}

func (l *lab) Show(_ context.Context, n vif.NIC, _ bool) error {
	return l.change(n.Server, func(s *server) (bool, error) {
		t, there := l.taps[n.Tap]
		switch x, is := s.NIC(n.DeviceAlias()); {
		case is && x == shown(n):
			return false, nil
		case is:
			return false, vif.InUse.Because("an earlier NIC")
		case s.Live && (!there || t.Port != n.Port.ID):
			return false, vif.Unavailable.Because("libvirt finds no tap")
		}
		s.NICs, s.holds[n.DeviceAlias()] = append(s.NICs, shown(n)), t.Index
		return true, nil
	})
}
func (l *lab) Link(_ context.Context, n vif.NIC, up bool) error { return nil }
func (l *lab) Persist(_ context.Context, n vif.NIC) (string, error) {
	return "", l.change(n.Server, func(s *server) (changed bool, err error) {
		if !slices.Contains(s.Noted, n.Port.ID) {
			s.Noted, changed = append(s.Noted, n.Port.ID), true
		}
		if x, is := (vif.Server{NICs: s.defined}).NIC(n.DeviceAlias()); s.Live && (!is || x != shown(n)) {
			s.defined, changed = append(without(s.defined, n.DeviceAlias()), shown(n)), true
		}
		return changed, nil
	})
}
func (l *lab) Hide(_ context.Context, n vif.NIC) error {
	return ignore(vif.NotFound, l.change(n.Server, func(s *server) (bool, error) {
		before := len(s.NICs) + len(s.defined)
		s.NICs, s.defined = without(s.NICs, n.DeviceAlias()), without(s.defined, n.DeviceAlias())
		delete(s.holds, n.DeviceAlias())
		return before != len(s.NICs)+len(s.defined), nil
	}))
}
func (l *lab) Forget(_ context.Context, n vif.NIC) error {
	return ignore(vif.NotFound, l.change(n.Server, func(s *server) (bool, error) {
		i := slices.Index(s.Noted, n.Port.ID)
		if i >= 0 {
			s.Noted = slices.Delete(slices.Clone(s.Noted), i, i+1)
		}
		return i >= 0, nil
	}))
}
