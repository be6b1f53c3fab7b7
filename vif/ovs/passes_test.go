package ovs

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"vifd/vif"
)

// A beginning is the first packet of a connection.
type beginning struct {
	version, proto int
	far            netip.Addr
	port           uint16 // of the destination, or the type and the code
}

// admits is what passes mean, in the plainest words.
func admits(passes []vif.Pass, d vif.Direction, b beginning) bool {
	return slices.ContainsFunc(passes, func(p vif.Pass) bool {
		return p.Direction == d && p.Version == b.version && serves(p, b) &&
			(p.Remote == nil || slices.ContainsFunc(p.Remote, func(r netip.Prefix) bool { return r.Contains(b.far) }))
	})
}

func serves(p vif.Pass, b beginning) bool {
	switch {
	case p.Protocol == vif.AnyProtocol:
		return true
	case p.Protocol != b.proto:
		return false
	case p.Type != nil:
		return *p.Type == uint8(b.port>>8) && (p.Code == nil || *p.Code == uint8(b.port))
	}
	return p.Ports == nil || p.Ports.First <= b.port && b.port <= p.Ports.Last
}

// chance makes up passes, and connections that they may be about.
type chance struct{ *rand.Rand }

func one[T any](c chance, of ...T) T { return of[c.IntN(len(of))] }

func (c chance) far(version int) netip.Addr {
	if version == 4 {
		return netip.MustParseAddr(one(c, "10.20.0.99", "10.20.0.98", "10.21.0.7", "172.16.5.5"))
	}
	return netip.MustParseAddr(one(c, "fd00:20::99", "fd00:20::98", "fd00:21::7", "2001:db8::5"))
}

func (c chance) port() uint16 { return uint16(1000 + c.IntN(64)) }

func (c chance) icmp(version int) (proto int, kind uint8) {
	if version == 4 {
		return vif.ICMP, one[uint8](c, 8, 13)
	}
	return vif.ICMPv6, 128
}

func (c chance) pass() vif.Pass {
	p := vif.Pass{Direction: one(c, vif.Ingress, vif.Egress), Version: one(c, 4, 6)}
	icmp, kind := c.icmp(p.Version)
	p.Protocol = one(c, vif.TCP, vif.TCP, vif.UDP, vif.UDP, vif.SCTP, icmp, 47, vif.AnyProtocol)
	switch p.Protocol {
	case vif.TCP, vif.UDP, vif.SCTP:
		if first := c.port(); c.IntN(4) > 0 {
			p.Ports = &vif.Range{First: first, Last: first + uint16(c.IntN(20))}
		}
	case icmp:
		if code := uint8(c.IntN(2)); c.IntN(3) > 0 {
			p.Type = &kind
			p.Code = one(c, nil, &code)
		}
	case vif.AnyProtocol:
		p.Remote = []netip.Prefix{} // or all would pass too often
	}
	if c.IntN(4) > 0 {
		for range c.IntN(5) {
			far := c.far(one(c, p.Version, p.Version, p.Version, 10-p.Version))
			p.Remote = append(p.Remote, netip.PrefixFrom(far, far.BitLen()-one(c, 0, 0, 8, 9)))
		}
	}
	return p
}

func (c chance) beginning(version int) beginning {
	b := beginning{version: version, far: c.far(version), port: c.port()}
	icmp, kind := c.icmp(version)
	b.proto = one(c, vif.TCP, vif.TCP, vif.UDP, vif.UDP, vif.SCTP, icmp, icmp, 47)
	if b.proto == icmp {
		b.port = uint16(kind) << 8 // with another code it would begin nothing
	}
	return b
}

// packet returns the packet, told from others by its number.
func (b beginning) packet(d vif.Direction, a, far *guest, number uint16) []byte {
	body := map[int]func() []byte{
		vif.TCP: func() []byte { return segment(number, b.port, 1, 0, syn, nil) }, vif.UDP: func() []byte { return udp(number, b.port) },
		vif.SCTP: func() []byte { return sctp(number, b.port) }, vif.ICMP: func() []byte { return ping(byte(b.port>>8), byte(b.port), number) },
		vif.ICMPv6: func() []byte { return ping(byte(b.port>>8), byte(b.port), number) }, 47: func() []byte { return be.AppendUint32(nil, uint32(number)) },
	}[b.proto]()
	near := own4
	if b.version == 6 {
		near = own6
	}
	from, to_, src, dst := a, far, near, b.far
	if d == vif.Ingress {
		from, to_, src, dst = far, a, b.far, near
	}
	if b.version == 6 {
		return to(to_.mac, ipv6(from.mac, src, dst, byte(b.proto), body))
	}
	return to(to_.mac, ipv4(from.mac, src, dst, byte(b.proto), 0, body))
}

// shared are passes of two groups that have members and services in common.
func shared() (all []vif.Pass) {
	first := []string{"10.20.0.99/32", "10.20.0.98/32", "10.21.0.7/32", "10.21.0.8/32"}
	second := []string{"10.20.0.98/32", "10.21.0.7/32", "172.16.5.5/32", "172.16.5.6/32"}
	for port := range uint16(6) {
		all = append(all, only(pass(vif.Ingress, 4, vif.TCP, 1000+port), first...), only(pass(vif.Ingress, 4, vif.UDP, 1003+port), first...))
		all = append(all, only(pass(vif.Ingress, 4, vif.TCP, 1003+port), second...), only(pass(vif.Ingress, 4, vif.UDP, 1000+port), second...))
	}
	return all
}

// Groups that have members and services in common get each what is theirs.
func TestGroupsShare(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := guardedNIC(bridge, h.addTap(), 1, shared()...)
	a := guestOf(h, s, n)
	b := stranger(h, bridge, otherMAC.String(), "10.20.0.99", "tag=100")
	var begin []beginning
	for _, far := range []string{"10.20.0.99", "10.20.0.98", "10.21.0.7", "172.16.5.5"} {
		for port := range uint16(10) {
			begin = append(begin, beginning{4, vif.TCP, netip.MustParseAddr(far), 1000 + port}, beginning{4, vif.UDP, netip.MustParseAddr(far), 1000 + port})
		}
	}
	if passed := h.judge(t, n, vif.Ingress, a, b, begin); passed == 0 || passed == len(begin) {
		t.Errorf("%d of %d pass", passed, len(begin))
	}
}

// judge sends these over the bridge, says what comes that should not or the other
// way round, and returns how many came.
func (h *host) judge(t *testing.T, n vif.NIC, d vif.Direction, a, far *guest, begin []beginning) (passed int) {
	t.Helper()
	h.run("ovs-appctl", "--target="+h.path("vs.ctl"), "revalidator/purge")
	h.run("ovs-appctl", "--target="+h.path("vs.ctl"), "dpctl/flush-conntrack")
	var frames [][]byte
	for i, b := range begin {
		frames = append(frames, b.packet(d, a, far, uint16(20000+i)))
	}
	from, to := a, far
	if d == vif.Ingress {
		from, to = far, a
	}
	for i, came := range from.reached(t, to, frames...) {
		if want := admits(n.Port.Passes, d, begin[i]); came != want {
			t.Errorf("%s of %+v passes: %v, want %v, by %s", d, begin[i], came, want, told(n.Port.Passes))
		} else if came {
			passed++
		}
	}
	return passed
}

// What comes through a real bridge is just what the passes say, whatever they are.
func TestPassesMean(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := guardedNIC(bridge, h.addTap(), 1)
	a := guestOf(h, s, n)
	b := stranger(h, bridge, otherMAC.String(), "10.20.0.99", "tag=100")
	seed := rand.Uint64()
	t.Log("seed", seed)
	c, passed := chance{rand.New(rand.NewPCG(seed, 0))}, 0
	for range 20 {
		n.Port.Passes = nil
		for range c.IntN(16) {
			n.Port.Passes = append(n.Port.Passes, c.pass())
		}
		must(t, s.Filter(h.context(), n))
		for _, d := range []vif.Direction{vif.Ingress, vif.Egress} {
			begin := make([]beginning, 60)
			for i := range begin {
				begin[i] = c.beginning(one(c, 4, 6))
			}
			passed += h.judge(t, n, d, a, b, begin)
		}
	}
	if passed < 100 {
		t.Errorf("%d packets passed: this tries too little", passed)
	}
}

// told returns the passes in words.
func told(passes []vif.Pass) (text string) {
	for _, p := range passes {
		text += fmt.Sprintf("\n%s %d %d", p.Direction, p.Version, p.Protocol)
		if p.Ports != nil {
			text += fmt.Sprint(" ", *p.Ports)
		}
		if p.Type != nil {
			text += fmt.Sprint(" type ", *p.Type, p.Code)
		}
		text += fmt.Sprintf(" %v", p.Remote)
	}
	return text
}

// crowdedNIC has as many rules for as many members of a group.
func crowdedNIC(bridge, tap string, n, members, rules int) vif.NIC {
	var remote []netip.Prefix
	for i := range members {
		remote = append(remote, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 20, byte(i >> 8), byte(i)}), 32))
	}
	nic := guardedNIC(bridge, tap, n)
	for i := range rules {
		p := pass(vif.Ingress, 4, []int{vif.TCP, vif.UDP}[i%2], uint16(1000*(i+1)))
		p.Remote = remote
		nic.Port.Passes = append(nic.Port.Passes, p)
	}
	return nic
}

// Flows are as many as members and rules together, not as their product; ranges of
// ports are few.
func TestPassesDoNotExplode(t *testing.T) {
	few, err := flowsFor(guardedNIC("br", "tap", 1))
	must(t, err)
	many, err := flowsFor(crowdedNIC("br", "tap", 1, 300, 20))
	must(t, err)
	if got := len(many) - len(few); got > 300+20+5 {
		t.Errorf("%d flows for 300 members and 20 rules", got)
	}
	for _, tt := range []struct {
		r    vif.Range
		want int
	}{{vif.Range{First: 1, Last: 65535}, 16}, {vif.Range{First: 0, Last: 65534}, 16}, {vif.Range{First: 1, Last: 65534}, 30}, {vif.Range{First: 80, Last: 80}, 1}, {vif.Range{First: 2, Last: 1}, 0}} {
		if got := len(blocks("ct_tp_dst", tt.r)); got != tt.want {
			t.Errorf("%d blocks for %v, want %d", got, tt.r, tt.want)
		}
	}
}
