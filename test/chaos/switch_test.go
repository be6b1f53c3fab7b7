package chaos

import (
	"context"
	"fmt"
	"maps"

	"vifd/vif"
	"vifd/vif/fail"
)

// The kernel.

func (w *world) Create(ctx context.Context, n vif.NIC) error {
	if err := fail.At(fail.A3, fail.At(fail.A2, nil)); err != nil { // it is on no disk yet
		return err
	}
	return fail.At(fail.A4, w.act(ctx, "kernel", "create", func() error {
		t, there := w.Taps[n.Tap]
		switch {
		case there && (t.Port != n.Port.ID || t.Gen > n.Gen):
			return vif.InUse.Because("%s is another's", n.Tap)
		case there && t.Gen == n.Gen:
			t.MTU = n.Port.MTU
		default:
			w.device(vif.Tap{Name: n.Tap, Port: n.Port.ID, Gen: n.Gen, MTU: n.Port.MTU})
			return nil
		}
		w.Taps[n.Tap] = t
		return nil
	}))
}

// device makes a device, which the switch port of that name polls that had none yet.
func (w *world) device(t vif.Tap) int {
	w.Devices++
	t.Index = w.Devices
	w.Taps[t.Name] = t
	if p, there := w.Plugged[t.Name]; there && p.Index == 0 {
		p.Index = t.Index
		w.Plugged[t.Name] = p
	}
	return t.Index
}

func (w *world) Raise(ctx context.Context, n vif.NIC) error {
	return w.act(ctx, "kernel", "raise", func() error {
		t, there := w.Taps[n.Tap]
		if !there || t.Port != n.Port.ID || t.Gen != n.Gen {
			return vif.NotFound.Because("no tap %s", n.Tap)
		}
		t.Up = true
		w.Taps[n.Tap] = t
		return nil
	})
}

func (w *world) Remove(ctx context.Context, n vif.NIC) error {
	return fail.At(fail.D8, w.act(ctx, "kernel", "remove", func() error {
		if t := w.Taps[n.Tap]; t.Port == n.Port.ID && t.Gen <= n.Gen {
			delete(w.Taps, n.Tap)
		}
		return nil
	}))
}

func (w *world) Tap(_ context.Context, name string) (t vif.Tap, there, ours bool, err error) {
	err = w.ask("kernel", func() {
		t, there = w.Taps[name]
		t.Carrier = t.Up && w.carrier(t)
	})
	return t, there, t.Port != "", err
}

func (w *world) tapList() (list []vif.Tap) {
	for _, t := range w.Taps {
		if t.Carrier = t.Up && w.carrier(t); t.Port != "" {
			list = append(list, t)
		}
	}
	return list
}

// The switch.

func (w *world) Bridge(_ context.Context, name string) (b vif.Bridge, err error) {
	return vif.Bridge{Name: name, Netdev: true}, w.on(name, w.Healthy())
}

// on returns err, or else that there is no bridge of that name.
func (w *world) on(bridge string, err error) error {
	if err == nil && bridge != bridgeName {
		err = vif.NotFound.Because("there is no bridge %s", bridge)
	}
	return err
}

func (w *world) Healthy() error { return w.ask("switch", func() {}) }

// rules are the flows that n should have.
func rules(n vif.NIC) string {
	return fmt.Sprint(n.OFPort, n.Port.MAC, n.Port.FixedIPs, n.Port.Secure, n.Port.Segment.VLAN)
}

func (w *world) Filter(ctx context.Context, n vif.NIC) error {
	return fail.At(fail.A7, w.act(ctx, "switch", "filter", func() error {
		err := w.on(n.Port.Segment.Bridge, nil)
		if err == nil {
			w.Flows[n.Port.ID] = rules(n)
		}
		return err
	}))
}

func (w *world) Unfilter(ctx context.Context, n vif.NIC) error {
	return fail.At(fail.D6, w.act(ctx, "switch", "unfilter", func() error { delete(w.Flows, n.Port.ID); return nil }))
}

// row is the switch port that n should have.
func (w *world) row(n vif.NIC) vif.SwitchPort {
	return vif.SwitchPort{
		Bridge: n.Port.Segment.Bridge, Name: n.Tap, Port: n.Port.ID, Gen: n.Gen, OFPort: n.OFPort,
		Index: w.Taps[n.Tap].Index, VLAN: n.Port.Segment.VLAN, MTU: n.Port.MTU, MAC: n.Port.MAC,
	}
}

func (w *world) Plug(ctx context.Context, n vif.NIC) error {
	if err := fail.At(fail.A5, nil); err != nil {
		return err
	}
	return fail.At(fail.A6, w.act(ctx, "switch", "plug", func() error {
		if err := w.on(n.Port.Segment.Bridge, nil); err != nil {
			return err
		}
		if p, there := w.Plugged[n.Tap]; there && p.Port == "" {
			return vif.InUse.Because("%s is a stranger's", n.Tap)
		}
		maps.DeleteFunc(w.Plugged, func(_ string, p vif.SwitchPort) bool { return p.Port == n.Port.ID })
		w.Plugged[n.Tap] = w.row(n)
		return nil
	}))
}

func (w *world) Retire(ctx context.Context, n vif.NIC) error {
	return w.act(ctx, "switch", "unplug", func() error {
		if w.Plugged[n.Tap].Port != "" {
			delete(w.Plugged, n.Tap)
		}
		return nil
	})
}

func (w *world) Unplug(ctx context.Context, n vif.NIC) error {
	return fail.At(fail.D7, w.act(ctx, "switch", "unplug", func() error {
		for name, p := range w.Plugged {
			if p.Port == n.Port.ID && p.Gen <= n.Gen {
				delete(w.Plugged, name)
			}
		}
		return nil
	}))
}

func (w *world) Describe(n vif.NIC) (transaction, flows string) { return n.Tap, rules(n) }

func (w *world) Wired(ctx context.Context, n vif.NIC) error {
	return w.act(ctx, "switch", "wired", func() error {
		if p := w.Plugged[n.Tap]; p.Index == 0 || p != w.row(n) {
			return vif.Unavailable.Because("the switch does not poll %s", n.Tap)
		}
		return nil
	})
}

func (w *world) Port(n vif.NIC) (p vif.SwitchPort, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, there = w.Plugged[n.Tap]
	return p, there && p.Port == n.Port.ID && p.Gen == n.Gen
}

func (w *world) Ports(context.Context) (list []vif.SwitchPort, err error) {
	err = w.ask("switch", func() {
		for _, p := range w.Plugged {
			if p.Port != "" {
				list = append(list, p)
			}
		}
	})
	return list, err
}

func (w *world) Drifted(_ context.Context, nics []vif.NIC) (drifted map[string]bool, err error) {
	drifted = map[string]bool{}
	err = w.ask("switch", func() {
		for _, n := range nics {
			if p, there := w.Plugged[n.Tap]; there && p != w.row(n) {
				drifted[n.Port.ID] = true
			}
		}
	})
	return drifted, err
}

func (w *world) Bridges(context.Context) ([]string, error) { return []string{bridgeName}, w.Healthy() }

func (w *world) Rules(_ context.Context, bridge string, nics []vif.NIC) (r vif.Rules, err error) {
	err = w.ask("switch", func() {
		r = vif.Rules{Base: w.Base, Astray: map[string]bool{}}
		known := map[string]bool{}
		for _, n := range nics {
			known[n.Port.ID] = true
			r.Astray[n.Port.ID] = w.Flows[n.Port.ID] != rules(n)
		}
		for port := range w.Flows {
			if !known[port] {
				r.Strays = append(r.Strays, vif.Cookie(port))
			}
		}
	})
	return r, w.on(bridge, err)
}

// Lay comes after a change of the fail mode, with which all flows went.
func (w *world) Lay(ctx context.Context, _ string) error {
	return w.act(ctx, "switch", "lay", func() error { w.Base = true; return nil })
}

func (w *world) Purge(ctx context.Context, _ string, cookie uint64) error {
	return w.act(ctx, "switch", "purge", func() error {
		for port := range w.Flows {
			if vif.Cookie(port) == cookie {
				delete(w.Flows, port)
			}
		}
		return nil
	})
}

func (w *world) Free(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, there := w.Plugged[name]
	return !there || p.Port != ""
}

// kernel is the world as a hotplug.Taps: the name of its list is taken here.
type kernel struct{ *world }

func (k kernel) Taps(context.Context) (list []vif.Tap, err error) {
	err = k.ask("kernel", func() { list = k.tapList() })
	return list, err
}
