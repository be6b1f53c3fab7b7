package ovs

import (
	"fmt"
	"slices"
	"testing"

	"vifd/vif"
)

// rules asks the switch how the bridge's flows differ from those of the NICs.
func (h *host) rules(s *Switch, bridge string, nics ...vif.NIC) vif.Rules {
	h.Helper()
	r, err := s.Rules(h.context(), bridge, nics)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

// filtered tells whether the bridge has the rules of all the NICs, and no others
// of ours.
func (h *host) filtered(s *Switch, bridge string, nics ...vif.NIC) error {
	h.Helper()
	if r := h.rules(s, bridge, nics...); len(r.Astray) > 0 || len(r.Strays) > 0 {
		return fmt.Errorf("astray: %v, strays: %x", r.Astray, r.Strays)
	}
	return nil
}

// putRight does what an engine does about r.
func (h *host) putRight(s *Switch, bridge string, r vif.Rules, nics []vif.NIC) {
	h.Helper()
	for _, n := range nics {
		if r.Astray[n.Port.ID] {
			must(h, s.Filter(h.context(), n))
		}
	}
	for _, c := range r.Strays {
		must(h, s.Purge(h.context(), bridge, c))
	}
	must(h, s.Lay(h.context(), bridge))
}

// Whatever a hand does to flows of ours is seen, and what it does to others is
// not our business.
func TestRules(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	one, two, open := newNIC(bridge, "tap", 1), newNIC(bridge, "tap", 2), newNIC(bridge, "tap", 3)
	one.Port.FixedIPs, open.Port.Secure = nil, false
	walled := guardedNIC(bridge, "tap", 4, everything()...)
	nics := []vif.NIC{one, two, open, walled}
	for _, n := range nics {
		must(t, s.Filter(h.context(), n))
	}
	target, cookie := "unix:"+h.path(bridge+".mgmt"), fmt.Sprintf("%#x", vif.Cookie(two.Port.ID))
	nobodys := vif.Cookie("nobody")
	for _, tt := range []struct {
		name  string
		ofctl []string
		want  vif.Rules
	}{
		{"nothing", nil, vif.Rules{Base: true}},
		{"a stranger's flow", []string{"add-flow", target, "priority=5,in_port=77,actions=drop"}, vif.Rules{Base: true}},
		{"a flow of a stranger's cookie", []string{"add-flow", target, "cookie=0x5,priority=6,in_port=77,actions=drop"}, vif.Rules{Base: true}},
		{"one deleted", []string{"--strict", "del-flows", target, fmt.Sprintf("table=0,priority=%d,in_port=%d", orderRest, two.OFPort)},
			vif.Rules{Base: true, Astray: map[string]bool{two.Port.ID: true}}},
		{"all of a port deleted", []string{"del-flows", target, "cookie=" + cookie + "/-1"},
			vif.Rules{Base: true, Astray: map[string]bool{two.Port.ID: true}}},
		{"one more", []string{"add-flow", target, fmt.Sprintf("cookie=%s,priority=65000,in_port=%d,actions=normal", cookie, two.OFPort)},
			vif.Rules{Base: true, Astray: map[string]bool{two.Port.ID: true}}},
		{"one turned round", []string{"add-flow", target, fmt.Sprintf("cookie=%s,priority=%d,in_port=%d,actions=normal", cookie, orderRest, two.OFPort)},
			vif.Rules{Base: true, Astray: map[string]bool{two.Port.ID: true}}},
		{"a way into a guarded port", []string{"add-flow", target, fmt.Sprintf("cookie=%#x,table=5,priority=65000,reg14=%#x,actions=resubmit(,6)", vif.Cookie(walled.Port.ID), walled.OFPort)},
			vif.Rules{Base: true, Astray: map[string]bool{walled.Port.ID: true}}},
		{"a conjunction deleted", []string{"del-flows", target, "table=5,conj_id=3"},
			vif.Rules{Base: true, Astray: map[string]bool{walled.Port.ID: true}}},
		{"another zone", []string{"add-flow", target, fmt.Sprintf("cookie=%#x,table=3,priority=%d,in_port=%d,ip,actions=ct(table=4,zone=7)", vif.Cookie(walled.Port.ID), orderKind, walled.OFPort)},
			vif.Rules{Base: true, Astray: map[string]bool{walled.Port.ID: true}}},
		{"base deleted", []string{"del-flows", target, "table=1"}, vif.Rules{Base: false}},
		{"nobody's", []string{"add-flow", target, fmt.Sprintf("cookie=%#x,priority=9,in_port=78,actions=drop", nobodys)},
			vif.Rules{Base: true, Strays: []uint64{nobodys}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.ofctl != nil {
				h.run("ovs-ofctl", tt.ofctl...)
			}
			got := h.rules(s, bridge, nics...)
			if got.Base != tt.want.Base || len(got.Astray) != len(tt.want.Astray) || !slices.Equal(got.Strays, tt.want.Strays) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			h.putRight(s, bridge, got, nics)
			if err := h.filtered(s, bridge, nics...); err != nil {
				t.Errorf("put right: %v", err)
			}
		})
	}
}

// What is not a port's of ours is not to be purged.
func TestPurgeRefused(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	for _, stranger := range []uint64{5, baseCookie} {
		if got := vif.KindOf(s.Purge(h.context(), bridge, stranger)); got != vif.Invalid {
			t.Errorf("purge of %#x: %v", stranger, got)
		}
	}
}

// A bridge that stopped failing closed is made to again.
func TestFailModeUndone(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := newNIC(bridge, "tap", 1)
	must(t, s.Filter(h.context(), n))
	h.vsctl("set-fail-mode", bridge, "standalone")
	h.await("news of it", func() bool { return !s.secured(bridge) })
	if h.rules(s, bridge, n).Base {
		t.Error("taken for well")
	}
	must(t, s.Lay(h.context(), bridge))
	must(t, s.Filter(h.context(), n))
	if r := h.rules(s, bridge, n); !r.Base || len(r.Astray) > 0 {
		t.Errorf("put right: %+v", r)
	}
}

// What is written into rows of ours by hand is seen, and Plug puts it right.
func TestDrifted(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := newNIC(bridge, h.addTap(), 1)
	must(t, s.Plug(h.context(), n))
	if !s.Free(n.Tap) || s.Free(bridge) {
		t.Errorf("free: ours %t, the bridge's own port %t", s.Free(n.Tap), s.Free(bridge))
	}
	for _, change := range [][]string{
		{"set", "port", n.Tap, "tag=77"},
		{"set", "port", n.Tap, "vlan_mode=trunk"},
		{"set", "port", n.Tap, "external_ids:vifd-gen=1000"},
		{"set", "interface", n.Tap, "mtu_request=1234"},
		{"set", "interface", n.Tap, "ofport_request=16999"},
		{"set", "interface", n.Tap, "external_ids:iface-id=other"},
		{"remove", "interface", n.Tap, "external_ids", "vm-id"},
	} {
		t.Run(fmt.Sprint(change), func(t *testing.T) {
			drifted := func() bool {
				d, err := s.Drifted(h.context(), []vif.NIC{n})
				must(t, err)
				return d[n.Port.ID]
			}
			must(t, s.Wired(h.context(), n))
			h.await("all to be well", func() bool { return !drifted() })
			h.vsctl(change...)
			h.await("news of it", drifted)
			must(t, s.Plug(h.context(), n))
			if drifted() {
				t.Error("Plug did not put it right")
			}
		})
	}
	if names, err := s.Bridges(h.context()); err != nil || !slices.Contains(names, bridge) {
		t.Errorf("bridges: %q, %v", names, err)
	}
}
