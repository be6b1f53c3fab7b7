package chaos

import (
	"testing"

	"vifd/agent/hotplug/hotplugtest"
	"vifd/vif"
)

// The host in memory keeps what the engine is promised of taps, as the kernel does.
func TestTapsPromises(t *testing.T) {
	hotplugtest.RunTaps(t, func(*testing.T) hotplugtest.Kernel {
		w := newWorld()
		return hotplugtest.Kernel{
			Taps:     kernel{w},
			Stranger: func(name string) { w.Devices++; w.Taps[name] = vif.Tap{Name: name, Index: w.Devices} },
			Delete:   func(name string) { delete(w.Taps, name) },
			Hold: func(n vif.NIC) func() {
				w.define("vm")
				w.Servers["vm"].NICs[n.DeviceAlias()] = held{Device: w.Taps[n.Tap].Index}
				return func() { delete(w.Servers, "vm") }
			},
		}
	})
}
