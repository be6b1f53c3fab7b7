package hotplug

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"vifd/vif"
)

// The hypervisor of a lab.

func (l *lab) Server(_ context.Context, id string) (v vif.Server, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, there := l.servers[id]
	switch {
	case l.down["libvirt"]:
		return v, vif.Unavailable.Because("libvirt is down")
	case !there:
		return v, vif.NotFound.Because("no server %s", id)
	}
	s.NICs, s.Noted = slices.Clone(s.NICs), slices.Clone(s.Noted)
	return s.Server, nil
}
func (l *lab) Servers(ctx context.Context) (list []vif.Server, err error) {
	for _, id := range slices.Sorted(maps.Keys(l.servers)) {
		s, err := l.Server(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}
func (l *lab) Definitions(_ context.Context, servers []vif.Server) (map[string][]vif.ServerNIC, error) {
	found := map[string][]vif.ServerNIC{}
	return found, l.do("libvirt", func() (bool, error) {
		for _, s := range servers {
			if now := l.servers[s.ID]; now.Live && now.Persistent {
				found[s.ID] = slices.Clone(now.defined)
			}
		}
		return false, nil
	})
}
func (l *lab) Devices(_ context.Context, id string) (ports []string, err error) {
	err = l.do("libvirt", func() (bool, error) {
		for alias := range l.servers[id].holds {
			port, _ := vif.ServerNIC{Alias: alias}.Port()
			ports = append(ports, port)
		}
		return false, nil
	})
	return ports, err
}
func (l *lab) XML(n vif.NIC) (string, error) {
	return fmt.Sprintf("<interface alias=%q tap=%q/>", n.DeviceAlias(), n.Tap), nil
}

// change changes a server that is there.
func (l *lab) change(id string, f func(*server) (bool, error)) error {
	return l.do("libvirt", func() (bool, error) {
		s, there := l.servers[id]
		if !there {
			return false, vif.NotFound.Because("no server %s", id)
		}
		changed, err := f(&s)
		l.servers[id] = s
		return changed, err
	})
}

// shown is n as Show gives it to a server.
func shown(n vif.NIC) vif.ServerNIC {
	return vif.ServerNIC{Alias: n.DeviceAlias(), MAC: n.Port.MAC, Tap: n.Tap, MTU: n.Port.MTU, PCI: fmt.Sprintf("0000:%02x:00.0", n.OFPort-16384), Link: true}
}
func without(list []vif.ServerNIC, alias string) []vif.ServerNIC {
	return slices.DeleteFunc(slices.Clone(list), func(x vif.ServerNIC) bool { return x.Alias == alias })
}

// in returns the NICs with x in the place of the one of its alias, or at their end.
func in(list []vif.ServerNIC, x vif.ServerNIC) []vif.ServerNIC {
	list = slices.Clone(list)
	if i := slices.IndexFunc(list, func(has vif.ServerNIC) bool { return has.Alias == x.Alias }); i >= 0 {
		list[i] = x
		return list
	}
	return append(list, x)
}

func (l *lab) Show(_ context.Context, n vif.NIC, up bool) error {
	return l.change(n.Server, func(s *server) (bool, error) {
		t, there := l.taps[n.Tap]
		switch x, is := s.NIC(n.DeviceAlias()); {
		case is && x.MAC == n.Port.MAC && x.Tap == n.Tap:
			return false, nil
		case is:
			return false, vif.InUse.Because("an earlier NIC")
		case s.Live && (!there || t.Port != n.Port.ID):
			return false, vif.Internal.Because("libvirt finds no tap")
		case s.Live && s.Slots && s.FreeSlots == 0:
			return false, vif.NoSlot.Because("no slot")
		}
		x := shown(n)
		x.Link = up
		if s.NICs = append(s.NICs, x); s.Live {
			s.holds[n.DeviceAlias()] = t.Index
			s.FreeSlots--
		}
		return true, nil
	})
}
func (l *lab) Link(_ context.Context, n vif.NIC, up bool) error {
	return l.change(n.Server, func(s *server) (bool, error) {
		x, is := s.NIC(n.DeviceAlias())
		if !is {
			return false, vif.WrongState.Because("no such NIC")
		}
		was := x.Link
		x.Link = up
		s.NICs = in(s.NICs, x)
		return was != up, nil
	})
}
func (l *lab) Persist(_ context.Context, n vif.NIC) (pci string, err error) {
	err = l.change(n.Server, func(s *server) (changed bool, err error) {
		x, is := s.NIC(n.DeviceAlias())
		if !is {
			return false, vif.WrongState.Because("no such NIC")
		}
		if pci = x.PCI; !slices.Contains(s.Noted, n.Port.ID) || x.Tag != n.Tag {
			x.Tag, changed = n.Tag, true
			s.NICs, s.Noted = in(s.NICs, x), append(others(s.Noted, n.Port.ID), n.Port.ID)
		}
		if x.Link = n.Link.Up(); s.Live && s.Persistent && !slices.Contains(s.defined, x) {
			s.defined, changed = in(s.defined, x), true
		}
		return changed, nil
	})
	return pci, err
}
func others(list []string, port string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == port })
}
func (l *lab) Hide(_ context.Context, n vif.NIC) error {
	return ignore(vif.NotFound, l.change(n.Server, func(s *server) (bool, error) {
		_, held := s.holds[n.DeviceAlias()]
		before := len(s.NICs) + len(s.defined)
		s.defined = without(s.defined, n.DeviceAlias())
		if held && s.stuck {
			return before != len(s.NICs)+len(s.defined), vif.Pending.Because("the guest has not let go")
		}
		s.NICs = without(s.NICs, n.DeviceAlias())
		if delete(s.holds, n.DeviceAlias()); held {
			s.FreeSlots++
		}
		return before != len(s.NICs)+len(s.defined), nil
	}))
}
func (l *lab) Forget(_ context.Context, n vif.NIC) error {
	return ignore(vif.NotFound, l.change(n.Server, func(s *server) (bool, error) {
		was := len(s.Noted)
		s.Noted = others(s.Noted, n.Port.ID)
		return len(s.Noted) != was, nil
	}))
}
