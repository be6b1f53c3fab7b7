package ovs

import (
	"testing"

	"vifd/agent/hotplug/hotplugtest"
)

// Open vSwitch keeps what the engine is promised of a switch.
func TestPromises(t *testing.T) {
	hotplugtest.RunSwitch(t, func(t *testing.T) hotplugtest.Wiring {
		h := newHost(t)
		s := h.open()
		bridge := h.bridgeOf(s)
		return hotplugtest.Wiring{
			Switch: s,
			On:     bridge,
			Tap: func(name string) int {
				h.makeTap(name)
				t.Cleanup(func() { removeDevice(name) })
				i, _ := index(name)
				return i
			},
			Untap:    func(name string) { h.run("ip", "link", "del", name) },
			Stranger: func(name string) { h.vsctl("add-port", bridge, name) },
			Write:    func(name string) { h.vsctl("set", "port", name, "tag=4000") },
			Loosen:   func() { h.vsctl("set-fail-mode", bridge, "standalone") },
			Stop:     func() { h.stop(h.switchd); h.stop(h.server) },
		}
	})
}
