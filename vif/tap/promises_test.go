package tap

import (
	"testing"

	"github.com/vishvananda/netlink"

	"vifd/agent/hotplug/hotplugtest"
	"vifd/vif"
)

// The kernel keeps what the engine is promised of taps.
func TestPromises(t *testing.T) {
	t.Parallel()
	hotplugtest.RunTaps(t, func(t *testing.T) hotplugtest.Kernel {
		d := enter(t)
		return hotplugtest.Kernel{
			Taps: d,
			Stranger: func(name string) {
				if err := d.write.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}}); err != nil {
					t.Fatal(err)
				}
			},
			Delete: func(name string) {
				if err := d.write.LinkDel(link(t, d, name)); err != nil {
					t.Fatal(err)
				}
			},
			Hold: func(n vif.NIC) func() { return hold(t, d, n) },
		}
	})
}
