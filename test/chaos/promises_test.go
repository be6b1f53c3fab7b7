package chaos

import (
	"testing"

	"vifd/agent/hotplug/hotplugtest"
	"vifd/vif"
)

// The host in memory keeps what the engine is promised, as the real one does.
func TestPromises(t *testing.T) {
	t.Run("taps", func(t *testing.T) {
		hotplugtest.RunTaps(t, func(*testing.T) hotplugtest.Kernel { return newWorld().kernel() })
	})
	t.Run("switch", func(t *testing.T) {
		hotplugtest.RunSwitch(t, func(*testing.T) hotplugtest.Wiring { return newWorld().wiring() })
	})
	t.Run("hypervisor", func(t *testing.T) {
		hotplugtest.RunHypervisor(t, func(*testing.T) hotplugtest.Guests { return newWorld().guests() })
	})
}

// kernel is w's kernel, with what others do there.
func (w *world) kernel() hotplugtest.Kernel {
	return hotplugtest.Kernel{
		Taps:     kernel{w},
		Stranger: func(name string) { w.device(vif.Tap{Name: name}) },
		Delete:   func(name string) { delete(w.Taps, name) },
		Hold: func(n vif.NIC) func() {
			w.define("vm")
			w.Servers["vm"].NICs[n.DeviceAlias()] = held{Device: w.Taps[n.Tap].Index}
			return func() { delete(w.Servers, "vm") }
		},
	}
}

// wiring is w's switch, likewise.
func (w *world) wiring() hotplugtest.Wiring {
	return hotplugtest.Wiring{
		Switch: w, On: bridgeName,
		Tap:      func(name string) int { return w.device(vif.Tap{Name: name}) },
		Untap:    func(name string) { delete(w.Taps, name) },
		Stranger: func(name string) { w.Plugged[name] = vif.SwitchPort{Name: name} },
		Write:    func(name string) { p := w.Plugged[name]; p.VLAN = 4000; w.Plugged[name] = p },
		Loosen:   func() { w.Base = false; clear(w.Flows) },
		Stop:     func() { w.down["switch"] = true },
	}
}

// guests are w's servers, likewise.
func (w *world) guests() hotplugtest.Guests {
	made := func(id string, change func(*server)) func() string {
		return func() string { w.define(id); change(w.Servers[id]); return id }
	}
	return hotplugtest.Guests{
		Hypervisor: libvirt{w},
		Running:    made("running", func(*server) {}),
		Willing:    made("willing", func(*server) {}),
		Stubborn:   made("stubborn", func(s *server) { s.Stuck = true }),
		Off:        made("off", func(s *server) { s.Live = false }),
		Passing:    made("passing", func(s *server) { s.Passing = true }),
		Tight:      made("tight", func(s *server) { s.Slots = 1 }),
		Tap:        func(n vif.NIC) { w.device(vif.Tap{Name: n.Tap, Port: n.Port.ID}) },
		Destroy:    func(id string) { w.Servers[id].end() },
		Undefine:   func(id string) { delete(w.Servers, id) },
		Stop:       func() { w.down["libvirt"] = true },
	}
}
