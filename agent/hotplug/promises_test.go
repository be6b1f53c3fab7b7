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
)

// The fakes keep what the engine is promised of taps, as the kernel does.
func TestTapsPromises(t *testing.T) {
	t.Run("lab", func(t *testing.T) {
		hotplugtest.RunTaps(t, func(*testing.T) hotplugtest.Kernel { return newLab().kernel() })
	})
}

// kernel is l's kernel, with what others do there.
func (l *lab) kernel() hotplugtest.Kernel {
	return hotplugtest.Kernel{
		Taps:     l,
		Stranger: func(name string) { l.made++; l.taps[name] = vif.Tap{Name: name, Index: l.made} },
		Delete:   func(name string) { delete(l.taps, name) },
		Hold: func(n vif.NIC) func() {
			l.servers["vm"] = server{Server: vif.Server{Live: true}, holds: map[string]int{n.DeviceAlias(): l.taps[n.Tap].Index}}
			return func() { delete(l.servers, "vm") }
		},
	}
}
