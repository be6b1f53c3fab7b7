package ovs

import (
	"net/netip"
	"strings"
	"testing"

	"vifd/vif"
)

// A step is a frame that the guarded guest sends, or gets from afar.
type step struct {
	name  string
	out   bool
	frame []byte
	pass  bool
}

// stateful are exchanges between a guest with ownMAC and own4 and one with otherMAC
// and far4, each of them from the beginning.
func stateful() map[string][]step {
	far4, far6 := netip.MustParseAddr("10.20.0.99"), netip.MustParseAddr("fd00:20::99")
	in := func(proto byte, body []byte) []byte { return to(ownMAC, ipv4(otherMAC, far4, own4, proto, 0, body)) }
	out := func(proto byte, body []byte) []byte { return to(otherMAC, ipv4(ownMAC, own4, far4, proto, 0, body)) }
	in6 := func(body []byte) []byte { return to(ownMAC, ipv6(otherMAC, far6, own6, 58, body)) }
	out6 := func(body []byte) []byte { return to(otherMAC, ipv6(ownMAC, own6, far6, 58, body)) }
	return map[string][]step{
		"a connection that comes": {
			{"first", false, in(6, segment(1000, 22, 1, 0, syn, nil)), true},
			{"answer", true, out(6, segment(22, 1000, 5, 2, syn|ack, nil)), true},
			{"third", false, in(6, segment(1000, 22, 2, 6, ack, nil)), true},
			{"answer to another port", true, out(6, segment(22, 1001, 5, 2, syn|ack, nil)), false},
			{"answer from another port", true, out(6, segment(23, 1000, 5, 2, ack, nil)), false},
		},
		"a connection that goes": {
			{"answer ahead of it", false, in(6, segment(443, 2000, 5, 2, syn|ack, nil)), false},
			{"first", true, out(6, segment(2000, 443, 1, 0, syn, nil)), true},
			{"answer", false, in(6, segment(443, 2000, 5, 2, syn|ack, nil)), true},
			{"the way back for another", false, in(6, segment(443, 2001, 5, 0, syn, nil)), false},
		},
		"udp": {
			{"question", true, out(17, udp(3000, 53)), true},
			{"answer", false, in(17, udp(53, 3000)), true},
			{"answer to another", false, in(17, udp(53, 3001)), false},
		},
		"ping6": {
			{"echo", true, out6(ping(128, 0, 7)), true},
			{"reply", false, in6(ping(129, 0, 7)), true},
			{"another's reply", false, in6(ping(129, 0, 8)), false},
		},
		"errors": {
			{"question", true, out(17, udp(4000, 53)), true},
			{"an error about it", false, in(1, failed(3, 3, out(17, udp(4000, 53)))), true},
			{"an error about another", false, in(1, failed(3, 3, out(17, udp(4001, 53)))), false},
			{"what comes", false, in(6, segment(4002, 22, 1, 0, syn, nil)), true},
			{"an error about that", true, out(1, failed(3, 3, in(6, segment(4002, 22, 1, 0, syn, nil)))), true},
			{"an error about nothing", true, out(1, failed(3, 3, in(6, segment(4003, 22, 1, 0, syn, nil)))), false},
		},
		"sctp": {
			{"another port", false, in(132, sctp(5000, 1001)), false},
			{"first", false, in(132, sctp(5000, 1000)), true},
			{"answer", true, out(132, sctp(1000, 5000)), true},
			{"from another port", true, out(132, sctp(1001, 5000)), false},
		},
	}
}

// What was let pass is answered, and nothing else is.
func TestGuardIsStateful(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	a := guestOf(h, s, guardedNIC(bridge, h.addTap(), 1, append(guardedPasses(), pass(vif.Ingress, 4, vif.SCTP, 1000))...))
	b := stranger(h, bridge, otherMAC.String(), "10.20.0.99", "tag=100")
	for name, steps := range stateful() {
		t.Run(name, func(t *testing.T) { walk(t, a, b, steps) })
	}
}

// walk goes the steps, and forgets all connections before.
func walk(t *testing.T, a, b *guest, steps []step) {
	t.Helper()
	a.run("ovs-appctl", "--target="+a.path("vs.ctl"), "dpctl/flush-conntrack")
	for _, s := range steps {
		from, to := b, a
		if s.out {
			from, to = a, b
		}
		if got := from.reaches(t, to, s.frame); got != s.pass {
			t.Errorf("%s passes: %v, want %v", s.name, got, s.pass)
		}
	}
}

// fragments returns the two parts of an IPv4 frame's packet. Open vSwitch takes no
// smaller first part.
func fragments(mac, far []byte, frame []byte) [][]byte {
	src, dst := netip.AddrFrom4([4]byte(frame[26:30])), netip.AddrFrom4([4]byte(frame[30:34]))
	return [][]byte{
		to(far, ipv4(mac, src, dst, frame[23], 0x2000, frame[34:34+1240])),
		to(far, ipv4(mac, src, dst, frame[23], 1240/8, frame[34+1240:])),
	}
}

// A packet in parts passes as it would in one, and no part of it does alone.
func TestGuardFragments(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	a := guestOf(h, s, guardedNIC(bridge, h.addTap(), 1, guardedPasses()...))
	b := stranger(h, bridge, otherMAC.String(), "10.20.0.99", "tag=100")
	whole := func(port uint16) []byte {
		return to(ownMAC, ipv4(otherMAC, b.ip, own4, 6, 0, segment(1000, port, 1, 0, syn, make([]byte, 1400))))
	}
	big := to(otherMAC, ipv4(ownMAC, own4, b.ip, 17, 0, append(udp(2000, 53), make([]byte, 1400)...)))
	be.PutUint16(big[38:], uint16(len(big)-34))
	if got := a.reached(t, b, fragments(a.mac, b.mac, to(otherMAC, big))...); !got[0] || !got[1] {
		t.Errorf("parts that go pass: %v", got)
	}
	if got := b.reached(t, a, fragments(b.mac, a.mac, whole(23))...); got[0] || got[1] {
		t.Errorf("parts to another port pass: %v", got)
	}
	if b.reaches(t, a, fragments(b.mac, a.mac, to(ownMAC, ipv4(otherMAC, other4, own4, 6, 0, segment(1, 22, 1, 0, syn, make([]byte, 1400)))))[1]) {
		t.Error("the second part passes alone")
	}
	if got := b.reached(t, a, fragments(b.mac, a.mac, whole(22))...); !got[0] || !got[1] {
		t.Errorf("parts that come pass: %v", got)
	}
}

// Between two guarded guests each end has its say, in a zone of its own.
func TestGuardAtBothEnds(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	a := guestOf(h, s, guardedNIC(bridge, h.addTap(), 1, pass(vif.Egress, 4, vif.TCP, 80), pass(vif.Egress, 4, vif.TCP, 82)))
	b := guestOf(h, s, guardedNIC(bridge, h.addTap(), 2, only(pass(vif.Ingress, 4, vif.TCP, 80, 81), "10.20.0.1/32")))
	there := func(port uint16) []byte {
		return to(otherMAC, ipv4(ownMAC, own4, other4, 6, 0, segment(1000, port, 1, 0, syn, nil)))
	}
	back := to(ownMAC, ipv4(otherMAC, other4, own4, 6, 0, segment(80, 1000, 5, 2, syn|ack, nil)))
	walk(t, a, b, []step{
		{"an answer ahead", false, back, false},
		{"what both allow", true, there(80), true},
		{"its answer", false, back, true},
		{"what the far end alone allows", true, there(81), false},
		{"what the near end alone allows", true, there(82), false},
		{"the other way", false, to(ownMAC, ipv4(otherMAC, other4, own4, 6, 0, segment(1000, 80, 1, 0, syn, nil))), false},
	})
	known := h.run("ovs-appctl", "--target="+h.path("vs.ctl"), "dpctl/dump-conntrack")
	for _, zone := range []string{"zone=16385", "zone=16386"} {
		if !strings.Contains(known, zone) {
			t.Errorf("nothing in %s:\n%s", zone, known)
		}
	}
}
