package hotplug

import (
	"testing"

	"vifd/agent/hotplug/hotplugtest"
	"vifd/vif"
)

// What the doors are tested for is what they are for the engine.
var (
	_ = func(t Taps) hotplugtest.Taps { return t }
	_ = func(t hotplugtest.Taps) Taps { return t }
	_ = func(s Switch) hotplugtest.Switch { return s }
	_ = func(s hotplugtest.Switch) Switch { return s }
	_ = func(h Hypervisor) hotplugtest.Hypervisor { return h }
	_ = func(h hotplugtest.Hypervisor) Hypervisor { return h }
)

// A lab keeps what the engine is promised, as the real ones do.
func TestPromises(t *testing.T) {
	t.Run("taps", func(t *testing.T) {
		hotplugtest.RunTaps(t, func(*testing.T) hotplugtest.Kernel { return newLab().kernel() })
	})
	t.Run("switch", func(t *testing.T) {
		hotplugtest.RunSwitch(t, func(*testing.T) hotplugtest.Wiring { return newLab().wiring() })
	})
	t.Run("hypervisor", func(t *testing.T) {
		hotplugtest.RunHypervisor(t, func(*testing.T) hotplugtest.Guests { return newLab().guests() })
	})
}

// kernel is l's kernel, with what others do there.
func (l *lab) kernel() hotplugtest.Kernel {
	return hotplugtest.Kernel{
		Taps:     l,
		Stranger: func(name string) { l.device(vif.Tap{Name: name}) },
		Delete:   func(name string) { delete(l.taps, name) },
		Hold: func(n vif.NIC) func() {
			l.servers["vm"] = server{Server: vif.Server{Live: true}, holds: map[string]int{n.DeviceAlias(): l.taps[n.Tap].Index}}
			return func() { delete(l.servers, "vm") }
		},
	}
}

// wiring is l's switch, likewise.
func (l *lab) wiring() hotplugtest.Wiring {
	return hotplugtest.Wiring{
		Switch: l, On: labBridge,
		Tap:      func(name string) int { return l.device(vif.Tap{Name: name}) },
		Untap:    func(name string) { delete(l.taps, name) },
		Stranger: func(name string) { l.rows[name] = vif.SwitchPort{Name: name} },
		Write:    func(name string) { l.drift[l.rows[name].Port] = true },
		Loosen:   func() { l.base = false; clear(l.flows) },
		Stop:     func() { l.down["switch"] = true },
	}
}

// guests are l's servers, likewise.
func (l *lab) guests() hotplugtest.Guests {
	made := func(id string, s server) func() string {
		s.ID, s.holds = id, map[string]int{}
		return func() string { l.servers[id] = s; return id }
	}
	runs := vif.Server{State: vif.ServerActive, Live: true, Persistent: true, Slots: true, FreeSlots: 8}
	passing, tight := runs, runs
	passing.Persistent, tight.FreeSlots = false, 1
	return hotplugtest.Guests{
		Hypervisor: l,
		Running:    made("running", server{Server: runs}),
		Willing:    made("willing", server{Server: runs}),
		Stubborn:   made("stubborn", server{Server: runs, stuck: true}),
		Off:        made("off", server{Server: vif.Server{State: vif.ServerStopped, Persistent: true}}),
		Passing:    made("passing", server{Server: passing}),
		Tight:      made("tight", server{Server: tight}),
		Tap:        func(n vif.NIC) { l.device(vif.Tap{Name: n.Tap, Port: n.Port.ID}) },
		Destroy:    func(id string) { l.servers[id] = l.servers[id].off() },
		Undefine:   func(id string) { delete(l.servers, id) },
		Stop:       func() { l.down["libvirt"] = true },
	}
}
