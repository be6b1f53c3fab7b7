package ovs

import (
	"context"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vifd/vif"
)

const ourBase = ` cookie=0x5600000000000000, priority=0 actions=move:NXM_OF_IN_PORT[]->NXM_NX_REG15[0..15],resubmit(,1)
 cookie=0x5600000000000000, table=1, priority=10,reg15=0x4000/0xc000 actions=drop
 cookie=0x5600000000000000, table=1, priority=0 actions=NORMAL
`

// A bridge is made ready as far as it is ours to be.
func TestBridgePrepares(t *testing.T) {
	h := newHost(t)
	s := h.open()
	const rule = "priority=0,arp,actions=NORMAL"
	for name, tt := range map[string]struct {
		before   func(bridge string)
		flows    string // afterwards
		failMode string
	}{
		"as it was born": {func(string) {}, ourBase, "secure"},
		"secure already": {func(b string) { h.vsctl("set-fail-mode", b, "secure") }, ourBase, "secure"},
		"with another's flows": {func(b string) {
			h.run("ovs-ofctl", "add-flow", "unix:"+h.path(b+".mgmt"), "cookie=0x7,"+rule)
		}, " cookie=0x7, priority=0,arp actions=NORMAL\n priority=0 actions=NORMAL\n", "[]"},
		"with another's default": {func(b string) {
			h.run("ovs-ofctl", "add-flow", "unix:"+h.path(b+".mgmt"), "priority=0,actions=drop")
		}, " priority=0 actions=drop\n", "[]"},
		"with a controller": {func(b string) {
			h.vsctl("set-controller", b, "ptcp:0:127.0.0.1")
			h.await("the controller is known", func() bool { return len(s.db.view().bridge(b).Controller) > 0 })
		}, " priority=0 actions=NORMAL\n", "[]"},
		"prepared before": {func(b string) {
			_, err := s.Bridge(h.context(), b)
			must(t, err)
			h.run("ovs-ofctl", "add-flow", "unix:"+h.path(b+".mgmt"), "cookie=0x7,"+rule)
		}, " cookie=0x7, priority=0,arp actions=NORMAL\n" + ourBase, "secure"},
	} {
		t.Run(name, func(t *testing.T) {
			name := h.bridgeOf(s)
			tt.before(name)
			for range 2 {
				b, err := s.Bridge(h.context(), name)
				if err != nil || b != (vif.Bridge{Name: name, Netdev: true}) {
					t.Fatalf("Bridge: %+v, %v", b, err)
				}
				s.bridge(name).set(nil, false) // as if vifd had been started again
			}
			if got := h.flows(name); sorted(got) != sorted(tt.flows) {
				t.Errorf("flows:\n%s\nwant:\n%s", got, tt.flows)
			}
			if got := h.get("bridge", name, "fail_mode"); got != tt.failMode {
				t.Errorf("fail_mode = %s, want %s", got, tt.failMode)
			}
		})
	}
	_, err := s.Bridge(h.context(), "br-x")
	if vif.KindOf(err) != vif.NotFound || !strings.Contains(vif.Shown(err), "ovs-vsctl add-br br-x") {
		t.Errorf("no bridge: %v", err)
	}
	must(t, s.Unfilter(h.context(), newNIC("br-x", "tap", 1)))
}

// sorted returns text with its lines in order.
func sorted(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// On another's bridge the rules of our ports stand above his flows.
func TestFilterOnAnothersBridge(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	h.run("ovs-ofctl", "add-flow", "unix:"+h.path(bridge+".mgmt"), "cookie=0x7,priority=1000,actions=NORMAL")
	h.vsctl("add-port", bridge, h.addTap(), "tag=100")
	n := plugged(h, s, newNIC(bridge, h.addTap(), 1))
	must(t, s.Filter(h.context(), newNIC(h.bridgeOf(s), "tap", 2)))
	if got := s.Following(); !slices.Equal(got, []string{bridge}) {
		t.Errorf("not made secure: %v, want %s", got, bridge)
	}
	own := n.Port.FixedIPs[0].Address
	if !h.passes(t, bridge, n.OFPort, ipv4(ownMAC, own, other4, 1, 0, icmp(8))) {
		t.Error("its own address does not pass")
	}
	if h.passes(t, bridge, n.OFPort, ipv4(ownMAC, other4, own, 1, 0, icmp(8))) {
		t.Error("another's address passes")
	}
	must(t, s.Unfilter(h.context(), n))
	if got, want := sorted(h.flows(bridge)), sorted(" cookie=0x7, priority=1000 actions=NORMAL\n priority=0 actions=NORMAL"); got != want {
		t.Errorf("flows after Unfilter:\n%s", got)
	}
}

// Filters that come at once share bundles, and each port has its own rules.
func TestFilterMany(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	const many = 100
	var nics []vif.NIC
	var all sync.WaitGroup
	for i := range many {
		n := newNIC(bridge, "tap", i)
		n.Port.Secure = i%3 != 0
		nics = append(nics, n)
		all.Go(func() {
			if err := s.Filter(h.context(), n); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	must(t, h.filtered(s, bridge, nics...))
	nics[1].OFPort = LastOFPort
	must(t, s.Filter(h.context(), nics[1]))
	must(t, s.Unfilter(h.context(), nics[2]))
	must(t, h.filtered(s, bridge, slices.Delete(nics, 2, 3)...))
}

// A bridge that does not speak our version of OpenFlow is spoken to by ovs-ofctl;
// one that has no bundles at all is told so.
func TestOtherVersions(t *testing.T) {
	h := newHost(t)
	s := h.open()
	for protocols, want := range map[string]vif.Kind{"OpenFlow15": "", "OpenFlow10": vif.Unavailable} {
		bridge := h.bridgeOf(s)
		h.vsctl("set", "bridge", bridge, "protocols="+protocols)
		n := newNIC(bridge, "tap", 1)
		err := s.Filter(h.context(), n)
		if want != "" {
			if vif.KindOf(err) != want {
				t.Errorf("%s: %v, want %v", protocols, err, want)
			}
			continue
		}
		must(t, err)
		if err := h.filtered(s, bridge, n); err != nil {
			t.Errorf("%s: %v", protocols, err)
		}
	}
}

// A bundle with something wrong in it changes nothing, wherever it goes.
func TestBundleIsWhole(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	must(t, s.Filter(h.context(), newNIC(bridge, "tap", 1)))
	before := h.flows(bridge)
	b := s.bridge(bridge)
	if err := b.direct(h.context(), "delete cookie=0x5600000000000000/0xff00000000000000\n"+
		"add priority=1,table=0,idle_timeout=0,arp_op=1,actions=normal\n"); err == nil || h.flows(bridge) != before {
		t.Errorf("a field without what it presupposes: %v, flows\n%s", err, h.flows(bridge))
	}
	for _, lines := range []string{
		"delete cookie=0x5600000000000000/0xff00000000000000\nadd priority=1,table=0,idle_timeout=0,nonsense=1,actions=normal\n",
		"delete cookie=0x5600000000000000/0xff00000000000000\nadd priority=1,table=0,idle_timeout=0,actions=resubmit(,300)\n",
		"delete cookie=0x5600000000000000/0xff00000000000000\nadd priority=1,table=254,idle_timeout=0,actions=normal\n",
	} {
		if err := b.direct(h.context(), lines); err == nil {
			t.Errorf("%s: taken", lines)
		}
		if err := b.send(h.context(), lines); err == nil {
			t.Errorf("%s: taken by ovs-ofctl", lines)
		}
		if after := h.flows(bridge); after != before {
			t.Fatalf("%s: flows\n%s\nbefore:\n%s", lines, after, before)
		}
	}
	must(t, s.Filter(h.context(), newNIC(bridge, "tap", 2)))
}

// A bridge that says no to a port's flows has answered: that is told apart from one
// that does not.
func TestFlowsRefused(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := newNIC(bridge, "tap", 1)
	must(t, s.Filter(h.context(), n))
	h.vsctl("--id=@full", "create", "flow_table", "flow_limit=10", "--", "set", "bridge", bridge, "flow_tables:0=@full")
	before := h.flows(bridge)
	for what, err := range map[string]error{
		"more flows":       s.Filter(h.context(), newNIC(bridge, "tap", 2)),
		"no line of flows": s.bridge(bridge).replace(h.context(), 5, []*ovs.Flow{{Actions: []ovs.Action{ovs.Resubmit(0, 300)}}}),
	} {
		if vif.KindOf(err) != vif.Internal || !strings.Contains(vif.Shown(err), "refused") {
			t.Errorf("%s: %v (%v)", what, err, vif.KindOf(err))
		}
	}
	if after := h.flows(bridge); after != before {
		t.Errorf("flows\n%s\nbefore:\n%s", after, before)
	}
	must(t, h.switchd.Process.Signal(syscall.SIGSTOP))
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Filter(short, n); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("no answer: %v (%v)", err, vif.KindOf(err))
	}
	must(t, h.switchd.Process.Signal(syscall.SIGCONT))
}
