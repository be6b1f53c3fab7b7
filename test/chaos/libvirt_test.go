package chaos

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"vifd/vif"
	"vifd/vif/fail"
)

// view is s as libvirt tells it.
func (s *server) view(id string) vif.Server {
	v := vif.Server{
		ID: id, Name: id, State: vif.ServerStopped, Live: s.Live, Persistent: !s.Passing, Slots: true, VCPUs: 1,
		FreeSlots: s.Slots - len(s.NICs), Noted: slices.Sorted(maps.Keys(s.Noted)),
	}
	if !s.Live {
		v.NICs = slices.Collect(maps.Values(s.Defined))
		return v
	}
	v.State = vif.ServerActive
	if s.Moving {
		v.State = vif.ServerBuilding
	}
	for n := range maps.Values(s.NICs) {
		v.NICs = append(v.NICs, n.ServerNIC)
	}
	return v
}

func (w *world) Server(_ context.Context, id string) (v vif.Server, err error) {
	known := false
	err = w.ask("libvirt", func() {
		if s := w.Servers[id]; s != nil {
			v, known = s.view(id), true
		}
	})
	if err == nil && !known {
		err = unknown(id)
	}
	return v, err
}

func unknown(id string) error { return vif.NotFound.Because("Instance %s could not be found.", id) }

func (w *world) libvirtServers() (list []vif.Server, err error) {
	err = w.ask("libvirt", func() {
		for id, s := range w.Servers {
			list = append(list, s.view(id))
		}
	})
	return list, err
}

// libvirt is the world as a hotplug.Hypervisor, and knows all servers.
type libvirt struct{ *world }

func (l libvirt) Servers(context.Context) ([]vif.Server, error) { return l.libvirtServers() }

// change lets change happen to a server that there is.
func (w *world) change(ctx context.Context, name, id string, change func(*server) error) error {
	return w.act(ctx, "libvirt", name, func() error {
		s := w.Servers[id]
		if s == nil {
			return unknown(id)
		}
		if s.Moving {
			return vif.Unavailable.Because("another change to the server is under way, and does not end")
		}
		return change(s)
	})
}

func (w *world) Show(ctx context.Context, n vif.NIC, up bool) error {
	if err := fail.At(fail.A8, nil); err != nil {
		return err
	}
	return fail.At(fail.A9, w.change(ctx, "show", n.Server, func(s *server) error {
		alias := n.DeviceAlias()
		nic := vif.ServerNIC{Alias: alias, MAC: n.Port.MAC, Tap: n.Tap, MTU: n.Port.MTU, Link: up}
		if old, there := s.NICs[alias]; there {
			if old.Tap != n.Tap || old.MAC != n.Port.MAC {
				return vif.InUse.Because("the server has an earlier NIC of the port")
			}
			return nil
		}
		if old, there := s.Defined[alias]; there && !s.Live && (old.Tap != n.Tap || old.MAC != n.Port.MAC) {
			return vif.InUse.Because("the definition has an earlier NIC of the port")
		} else if old.PCI != "" {
			nic.PCI = old.PCI
		} else if nic.PCI = s.pci(); nic.PCI == "" {
			return vif.NoSlot.Because("no slot")
		}
		if !s.Live {
			s.Defined[alias] = nic
			return nil
		}
		t, there := w.Taps[n.Tap]
		if !there {
			return vif.WrongState.Because("there is no tap %s that QEMU could open", n.Tap)
		}
		s.NICs[alias] = held{nic, t.Index}
		return nil
	}))
}

func (w *world) XML(n vif.NIC) (string, error) {
	return fmt.Sprintf("<interface alias=%q tap=%q/>", n.DeviceAlias(), n.Tap), nil
}

func (w *world) Link(ctx context.Context, n vif.NIC, up bool) error {
	return w.change(ctx, "link", n.Server, func(s *server) error {
		alias := n.DeviceAlias()
		nic, there := s.NICs[alias]
		defined, off := s.Defined[alias]
		switch {
		case s.Live && there:
			nic.Link = up
			s.NICs[alias] = nic
		case !s.Live && off:
			defined.Link = up
			s.Defined[alias] = defined
		default:
			return vif.WrongState.Because("no such NIC")
		}
		return nil
	})
}

func (w *world) Persist(ctx context.Context, n vif.NIC) (pci string, err error) {
	err = w.change(ctx, "persist", n.Server, func(s *server) error {
		alias := n.DeviceAlias()
		nic, there := s.NICs[alias]
		defined, off := s.Defined[alias]
		switch {
		case s.Live && there:
			nic.Tag, pci = n.Tag, nic.PCI
			s.NICs[alias] = nic
			if nic.Link = n.Link.Up(); !s.Passing {
				s.Defined[alias] = nic.ServerNIC
			}
		case !s.Live && off:
			pci = defined.PCI
		default:
			return vif.WrongState.Because("no such NIC")
		}
		s.Noted[n.Port.ID] = true
		return nil
	})
	return pci, err
}

func (w *world) Hide(ctx context.Context, n vif.NIC) error {
	stuck := false
	err := w.change(ctx, "hide", n.Server, func(s *server) error {
		_, there := s.NICs[n.DeviceAlias()]
		if stuck = there && s.Stuck; stuck {
			delete(s.Defined, n.DeviceAlias())
		} else {
			delete(s.NICs, n.DeviceAlias())
		}
		return nil
	})
	if err = fail.At(fail.D4, fail.At(fail.D3, err)); err != nil && vif.KindOf(err) != vif.NotFound {
		return err
	}
	if stuck {
		return vif.Pending.Because("The guest has not let go of the NIC yet.")
	}
	if err := fail.At(fail.D5, nil); err != nil {
		return err
	}
	err = w.change(ctx, "undefine", n.Server, func(s *server) error {
		delete(s.Defined, n.DeviceAlias())
		return nil
	})
	return fail.At(fail.D2, except(vif.NotFound, err))
}

func (w *world) Forget(ctx context.Context, n vif.NIC) error {
	return except(vif.NotFound, w.change(ctx, "forget", n.Server, func(s *server) error {
		delete(s.Noted, n.Port.ID)
		return nil
	}))
}

func except(k vif.Kind, err error) error {
	if err != nil && vif.KindOf(err) == k {
		return nil
	}
	return err
}

func (w *world) Definitions(_ context.Context, of []vif.Server) (found map[string][]vif.ServerNIC, err error) {
	found = map[string][]vif.ServerNIC{}
	err = w.ask("libvirt", func() {
		for _, v := range of {
			if s := w.Servers[v.ID]; s != nil && s.Live && !s.Passing {
				found[v.ID] = slices.Collect(maps.Values(s.Defined))
			}
		}
	})
	return found, err
}

// Devices returns the ports of which the server's QEMU has a NIC.
func (l libvirt) Devices(_ context.Context, id string) (ports []string, err error) {
	err = l.ask("libvirt", func() {
		if s := l.world.Servers[id]; s != nil {
			for n := range maps.Values(s.NICs) {
				if port, ours := n.Port(); ours {
					ports = append(ports, port)
				}
			}
		}
	})
	return ports, err
}
