package ovs

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

// hears returns what comes to g, besides what is for all, while do is done; then
// one on its network says that this was all.
func (g *guest) hears(t *testing.T, neighbour *guest, do func()) (from [][]byte) {
	t.Helper()
	do()
	neighbour.tick++
	last := neighbour.last()
	neighbour.send(last)
	return g.until(t, last)
}

// Two networks may have the same MAC; nothing of the one gets to the other's guarded
// port, whatever tags it has.
func TestGuardKeepsNetworksApart(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n, twin := guardedNIC(bridge, h.addTap(), 1, everything()...), guardedNIC(bridge, h.addTap(), 2, everything()...)
	twin.Port.MAC, twin.Port.FixedIPs, twin.Port.Segment.VLAN = n.Port.MAC, n.Port.FixedIPs, 200
	flat := guardedNIC(bridge, h.addTap(), 4, everything()...)
	flat.Port.MAC, flat.Port.FixedIPs, flat.Port.Segment.VLAN = n.Port.MAC, n.Port.FixedIPs, 0
	guests := map[string]*guest{"in VLAN 100": guestOf(h, s, n), "in VLAN 200": guestOf(h, s, twin), "without VLAN": guestOf(h, s, flat)}
	uplink := stranger(h, bridge, "fa:16:3e:00:00:99", "10.20.0.99")
	near := map[string]*guest{
		"in VLAN 100":  stranger(h, bridge, "fa:16:3e:00:00:97", "10.20.0.97", "tag=100"),
		"in VLAN 200":  stranger(h, bridge, "fa:16:3e:00:00:98", "10.20.0.98", "tag=200"),
		"without VLAN": uplink,
	}
	other := stranger(h, bridge, "fa:16:3e:00:00:96", "10.20.0.96", "tag=100")
	probe := func(from *guest, port uint16) []byte {
		return to(ownMAC, ipv4(from.mac, from.ip, own4, 17, 0, udp(port, 9)))
	}
	for at, g := range guests {
		for from, b := range near {
			frame := probe(b, 100)
			if from != at {
				got := g.hears(t, near[at], func() { b.send(frame, to(mustMAC("ff:ff:ff:ff:ff:ff"), frame)); b.reached(t, guests[from]) })
				for _, f := range got {
					if bytes.HasSuffix(f, frame[14:]) {
						t.Errorf("the guest %s hears of the one %s", at, from)
					}
				}
			} else if !b.reaches(t, g, frame) {
				t.Errorf("the guest %s does not hear of one there", at)
			}
		}
	}
	a := guests["in VLAN 100"]
	for name, frame := range map[string][]byte{
		"the tag that none has":      tagged(0x8100, wallCVLAN, probe(uplink, 1)),
		"that tag inside":            tagged(0x8100, 100, tagged(0x8100, wallCVLAN, probe(uplink, 2))),
		"that tag inside another's":  tagged(0x88a8, 100, tagged(0x8100, wallCVLAN, probe(uplink, 3))),
		"another tag, to all":        tagged(0x8100, 200, to(mustMAC("ff:ff:ff:ff:ff:ff"), probe(uplink, 4))),
		"no tag, to all":             to(mustMAC("ff:ff:ff:ff:ff:ff"), probe(uplink, 5)),
		"to nobody, in its own VLAN": tagged(0x8100, 100, to(mustMAC("fa:16:3e:77:77:77"), probe(uplink, 6))),
	} {
		got := a.hears(t, other, func() { uplink.send(frame); uplink.reached(t, guests["without VLAN"]) })
		for _, f := range got {
			if bytes.Contains(f, uplink.mac) {
				t.Errorf("%s gets to the guest: %x", name, f)
			}
		}
	}
}

// A plugged port comes to be guarded, and is not any more, when Filter returns.
func TestGuardIsTurned(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	open := newNIC(bridge, h.addTap(), 1)
	a := guestOf(h, s, open)
	b := stranger(h, bridge, otherMAC.String(), "10.20.0.2", "tag=100")
	in, out := to(ownMAC, ipv4(otherMAC, b.ip, own4, 17, 0, udp(1, 9))), to(otherMAC, ipv4(ownMAC, own4, b.ip, 17, 0, udp(2, 9)))
	for range 2 {
		walk(t, a, b, []step{{"in to an open port", false, in, true}, {"out of an open port", true, out, true}})
		shut := open
		shut.Port.Groups = []string{"g1", "g2"}
		must(t, s.Filter(h.context(), shut))
		if p, _ := s.Port(shut); p.VLAN != 100 || p.Groups != "g1,g2" || p.OFPort != open.OFPort || p.Error != "" {
			t.Errorf("guarded: %+v", p)
		}
		walk(t, a, b, []step{{"in to a shut port", false, in, false}, {"out of a shut port", true, out, false}})
		if text, _ := s.Describe(shut); !strings.HasPrefix(text, "nothing") {
			t.Errorf("Plug of what is there would do %s", text)
		}
		must(t, s.Filter(h.context(), open))
		if got := strings.Fields(h.vsctl("list-ports", bridge)); len(got) != 2 {
			t.Errorf("ports of the bridge: %v", got)
		}
		if p, _ := s.Port(open); p.Groups != "" {
			t.Errorf("groups left: %q", p.Groups)
		}
	}
}

// A guarded port carries nothing while ovs-vswitchd has no flows, whoever the bridge
// follows, and is guarded as before once it is filtered.
func TestGuardAfterRestart(t *testing.T) {
	h := newHost(t)
	s := h.open()
	ours, anothers := h.bridgeOf(s), h.bridgeOf(s)
	h.run("ovs-ofctl", "add-flow", "unix:"+h.path(anothers+".mgmt"), "cookie=0x7,priority=1000,actions=NORMAL")
	type pair struct {
		nic  vif.NIC
		a, b *guest
	}
	var pairs []pair
	for i, bridge := range []string{ours, anothers} {
		n := guardedNIC(bridge, h.addTap(), i+1, pass(vif.Ingress, 4, vif.UDP, 9))
		pairs = append(pairs, pair{n, guestOf(h, s, n), stranger(h, bridge, "fa:16:3e:00:00:99", "10.20.0.99", "tag=100")})
	}
	try := func(p pair, want bool, port uint16) {
		t.Helper()
		in := to(p.a.mac, ipv4(p.b.mac, p.b.ip, p.a.ip, 17, 0, udp(port, 9)))
		if got := p.b.reaches(t, p.a, in); got != want {
			t.Errorf("%s, port %d passes: %v", p.nic.Port.Segment.Bridge, port, got)
		}
		if p.b.reaches(t, p.a, to(p.a.mac, ipv4(p.b.mac, p.b.ip, p.a.ip, 17, 0, udp(port, 10)))) {
			t.Errorf("%s: what was never let pass does", p.nic.Port.Segment.Bridge)
		}
	}
	for _, p := range pairs {
		try(p, true, 1)
	}
	h.stop(h.switchd)
	h.startSwitchd()
	for _, p := range pairs {
		h.await("the bridge", func() bool { return dials(h.path(p.nic.Port.Segment.Bridge + ".mgmt")) })
	}
	for _, p := range pairs {
		h.restarts(s, "ovs-vswitchd is back")
		must(t, s.Wired(h.context(), p.nic))
		in := to(p.a.mac, ipv4(p.b.mac, p.b.ip, p.a.ip, 17, 0, udp(1, 9)))
		for _, port := range []int{p.nic.OFPort, guardOFPort(p.nic)} {
			if h.passes(t, p.nic.Port.Segment.Bridge, port, in) {
				t.Errorf("%s: passes from port %d without rules", p.nic.Port.Segment.Bridge, port)
			}
		}
		if out := h.run("ovs-appctl", "--target="+h.path("vs.ctl"), "ofproto/trace", p.nic.Port.Segment.Bridge, "in_port=LOCAL,vlan_tci=0x1064,dl_dst="+p.nic.Port.MAC); strings.Contains(out, fmt.Sprintf("output:%d", p.nic.OFPort)) {
			t.Errorf("delivered without rules: %s", out)
		}
	}
	for _, p := range pairs {
		must(t, s.Filter(h.context(), p.nic))
		try(p, true, 2)
	}
}

// What a hand does to a wire is seen, and Plug puts it right; it goes with its port.
func TestWireDrifts(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := plugged(h, s, guardedNIC(bridge, h.addTap(), 1))
	guard, network := guardEnd(n.Tap), networkEnd(n.Tap)
	for _, change := range [][]string{
		{"del-port", guard},
		{"del-port", guard, "--", "del-port", network},
		{"del-port", network},
		{"set", "interface", network, "options:peer=other"},
		{"set", "interface", guard, "ofport_request=33333"},
		{"set", "interface", network, "type=internal"},
		{"set", "port", network, "tag=7"},
		{"set", "port", guard, "vlan_mode=access"},
		{"set", "port", n.Tap, "vlan_mode=access"},
		{"clear", "port", n.Tap, "cvlans"},
		{"set", "port", guard, "external_ids:vifd-gen=1"},
	} {
		t.Run(fmt.Sprint(change), func(t *testing.T) {
			drifted := func() bool {
				d, err := s.Drifted(h.context(), []vif.NIC{n})
				must(t, err)
				return d[n.Port.ID]
			}
			h.await("all to be well", func() bool { return !drifted() })
			h.vsctl(change...)
			h.hears(s, "news of it", drifted)
			must(t, s.Plug(h.context(), n))
			must(t, s.Wired(h.context(), n))
			if drifted() {
				t.Error("Plug did not put it right")
			}
		})
	}
	h.vsctl("del-port", n.Tap)
	h.await("its end", func() bool { _, there := s.Port(n); return !there })
	must(t, s.Plug(h.context(), n))
	must(t, s.Wired(h.context(), n))
	older := n
	older.Gen--
	must(t, s.Unplug(h.context(), older))
	if got := strings.Fields(h.vsctl("list-ports", bridge)); len(got) != 3 {
		t.Errorf("an older generation took a part: %v", got)
	}
	next := n
	next.Gen, next.Tap = n.Gen+1, h.addTap()
	must(t, s.Plug(h.context(), next))
	if got := h.vsctl("list-ports", bridge); strings.Contains(got, n.Tap) {
		t.Errorf("an older wire is left: %v", got)
	}
	h.vsctl("del-port", next.Tap)
	h.await("its end", func() bool { _, there := s.Port(next); return !there })
	must(t, s.Unplug(h.context(), next))
	if got := h.vsctl("list-ports", bridge); got != "" {
		t.Errorf("left behind: %v", got)
	}
}

// A wire that cannot be is told of.
func TestWireRefused(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge, other := h.bridgeOf(s), h.bridgeOf(s)
	n := plugged(h, s, guardedNIC(bridge, h.addTap(), 1))
	again := guardedNIC(other, h.addTap(), 1)
	again.Port.ID = portID(9)
	if err := s.Filter(h.context(), again); vif.KindOf(err) != vif.InUse || !strings.Contains(vif.Shown(err), n.Port.ID) {
		t.Errorf("a second guarded port of that number: %v", err)
	}
	again.Port.Groups = nil
	must(t, s.Filter(h.context(), again))

	taken := guardedNIC(bridge, h.addTap(), 2)
	h.vsctl("add-port", bridge, h.addTap(), "--", "add-port", bridge, guardEnd(taken.Tap), "--", "set", "interface", guardEnd(taken.Tap), "type=internal")
	h.await("the stranger is known", func() bool { return s.db.view().port(guardEnd(taken.Tap)) != nil })
	if err := s.Plug(h.context(), taken); vif.KindOf(err) != vif.InUse {
		t.Errorf("a stranger has the name: %v", err)
	}

	late := guardedNIC(bridge, h.addTap(), 3)
	squatter := h.addTap()
	h.vsctl("add-port", bridge, squatter, "--", "set", "interface", squatter, fmt.Sprintf("ofport_request=%d", guardOFPort(late)))
	must(t, s.Plug(h.context(), late))
	h.await("a number", func() bool { return or(s.db.view().iface(guardEnd(late.Tap)).OFPort) > 0 })
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Wired(short, late); err == nil || !strings.Contains(err.Error(), "its wire has OpenFlow port") {
		t.Errorf("another has its number: %v", err)
	}
}
