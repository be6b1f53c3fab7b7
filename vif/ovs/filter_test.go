package ovs

import (
	"context"
	"strings"
	"testing"

	"vifd/vif"
)

// What goes over the open connection is what ovs-ofctl would have done, flow by
// flow.
func TestFlowsAreThoseOfOfctl(t *testing.T) {
	h := newHost(t)
	s := h.open()
	for name, n := range map[string]vif.NIC{
		"both versions": newNIC(h.bridgeOf(s), "tap", 1),
		"no addresses": func() vif.NIC {
			n := newNIC(h.bridgeOf(s), "tap", 2)
			n.Port.FixedIPs = nil
			return n
		}(),
		"no security": func() vif.NIC {
			n := newNIC(h.bridgeOf(s), "tap", 3)
			n.Port.Secure = false
			return n
		}(),
		"guarded":                 guardedNIC(h.bridgeOf(s), "tap", 4, everything()...),
		"guarded, with no passes": guardedNIC(h.bridgeOf(s), "tap", 5),
	} {
		t.Run(name, func(t *testing.T) {
			bridge := n.Port.Segment.Bridge
			if _, err := s.Bridge(h.context(), bridge); err != nil {
				t.Fatal(err)
			}
			b := s.bridge(bridge)
			_, lines := s.Describe(n)
			var base string
			if err := bundle(h.context(), b.target(), baseCookie, baseFlows(), func(_ context.Context, l string) error {
				base = l
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if err := b.direct(h.context(), base+lines); err != nil {
				t.Fatal(err)
			}
			direct := sorted(h.flows(bridge))
			h.run("ovs-ofctl", "del-flows", "unix:"+b.socket)
			if err := forkBundle(h.context(), b.target(), base+lines); err != nil {
				t.Fatal(err)
			}
			if forked := sorted(h.flows(bridge)); direct != forked {
				t.Errorf("flows:\n%s\nby ovs-ofctl:\n%s", direct, forked)
			}
			if want := strings.Count(base+lines, "add "); strings.Count(direct, "actions=") != want {
				t.Errorf("flows:\n%s\nwant %d of them", direct, want)
			}
		})
	}
}
