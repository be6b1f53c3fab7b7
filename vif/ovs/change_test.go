package ovs

import (
	"fmt"
	"net/netip"
	"testing"

	"vifd/vif"
)

// What is taken away stops, both ways and in the middle of a connection; what stays
// goes on, though nobody should know of it any more; what is given back does too.
func TestPassesChange(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	ssh, web, names := pass(vif.Ingress, 4, vif.TCP, 22), pass(vif.Ingress, 4, vif.TCP, 80), pass(vif.Egress, 4, vif.UDP, 53)
	n := guardedNIC(bridge, h.addTap(), 1, ssh, web, names)
	a := guestOf(h, s, n)
	b := stranger(h, bridge, otherMAC.String(), "10.20.0.2", "tag=100")
	in := func(proto byte, body []byte) step {
		return step{"in", false, to(ownMAC, ipv4(otherMAC, b.ip, own4, proto, 0, body)), true}
	}
	out := func(proto byte, body []byte) step {
		return step{"out", true, to(otherMAC, ipv4(ownMAC, own4, b.ip, proto, 0, body)), true}
	}
	var begin []step
	for _, port := range []uint16{22, 80} {
		begin = append(begin, in(6, segment(1000, port, 1, 0, syn, nil)), out(6, segment(port, 1000, 5, 2, syn|ack, nil)), in(6, segment(1000, port, 2, 6, ack, nil)))
	}
	walk(t, a, b, append(begin, out(17, udp(2000, 53)), in(17, udp(53, 2000))))
	talk := func(port uint16) (forth, back step) {
		return in(6, segment(1000, port, 2, 6, ack|psh, []byte("hello"))), out(6, segment(port, 1000, 6, 7, ack|psh, []byte("hello")))
	}
	goes := func(what string, want bool, s step) {
		t.Helper()
		from, to := b, a
		if s.out {
			from, to = a, b
		}
		h.await(fmt.Sprintf("%s: passes %v", what, want), func() bool { return from.reaches(t, to, s.frame) == want })
	}
	ask, answer := talk(22)
	forth, back := talk(80)

	n.Port.Passes = []vif.Pass{web}
	must(t, s.Filter(h.context(), n))
	goes("taken away, from its server", false, answer)
	goes("taken away, from its client", false, ask)
	goes("an answer to what was taken away", false, in(17, udp(53, 2000)))
	goes("stays, from its client", true, forth)
	goes("stays, from its server", true, back)
	h.run("ovs-ofctl", "ct-flush-zone", "unix:"+h.path(bridge+".mgmt"), fmt.Sprint(zone(n)))
	goes("stays unknown, from its client", true, forth)
	goes("stays unknown, from its server", true, back)

	n.Port.Passes = []vif.Pass{ssh, web}
	must(t, s.Filter(h.context(), n))
	goes("given back, from its client", true, ask)
	goes("given back, from its server", true, answer)
	a.ip = netip.MustParseAddr("10.20.0.77")
	n.Port.FixedIPs = []vif.FixedIP{{Address: a.ip}}
	must(t, s.Filter(h.context(), n))
	goes("from an address that is another's now", false, answer)
}

// Who comes after another at the same number knows nothing of its connections; who
// stays keeps them.
func TestConnectionsAreNotInherited(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	b := stranger(h, bridge, otherMAC.String(), "10.20.0.2", "tag=100")
	old := guardedNIC(bridge, h.addTap(), 1, pass(vif.Egress, 4, vif.UDP, 53))
	question, answer := to(otherMAC, ipv4(ownMAC, own4, b.ip, 17, 0, udp(2000, 53))), to(ownMAC, ipv4(otherMAC, b.ip, own4, 17, 0, udp(53, 2000)))
	for what, forget := range map[string]func(){
		"unfiltered": func() { must(t, s.Unfilter(h.context(), old)) },
		"lost":       func() {},
	} {
		a := guestOf(h, s, old)
		walk(t, a, b, []step{{"question", true, question, true}})
		must(t, s.Filter(h.context(), old))
		if !b.reaches(t, a, answer) {
			t.Error("another Filter of the same attachment ends its connections")
		}
		a.tap.Close()
		must(t, s.Unplug(h.context(), old))
		forget()
		if what == "unfiltered" && h.run("ovs-appctl", "--target="+h.path("vs.ctl"), "dpctl/dump-conntrack", fmt.Sprintf("zone=%d", zone(old))) != "" {
			t.Error("Unfilter leaves connections")
		}
		next := old
		next.Gen, next.Tap = old.Gen+1, h.addTap()
		a = guestOf(h, s, next)
		if b.reaches(t, a, answer) {
			t.Errorf("%s: an answer to what the one before had asked passes", what)
		}
		must(t, s.Unplug(h.context(), next))
		old.Gen, old.Tap = next.Gen+1, h.addTap()
	}
}
