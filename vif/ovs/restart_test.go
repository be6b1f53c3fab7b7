package ovs

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"vifd/vif"
	"vifd/vif/ovs/openflow"
)

// hears waits for "look again" until there is what is looked for.
func (h *host) hears(s *Switch, what string, there func() bool) {
	h.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	for !there() {
		select {
		case <-s.Changed():
		case <-end.C:
			h.Fatalf("%s: not told within %v", what, patience)
		}
	}
}

// Nothing has to run: everything says that it is not available, at once.
func TestNothingRuns(t *testing.T) {
	h := &host{TB: t, dir: t.TempDir()}
	for name, s := range map[string]*Switch{
		"not run": New(Config{Database: h.path("db.sock"), Sockets: h.dir}),
		"running": func() *Switch {
			s := New(Config{Database: h.path("db.sock"), Sockets: h.dir})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- s.Run(ctx) }()
			t.Cleanup(func() { cancel(); must(t, <-ended) })
			return s
		}(),
	} {
		n := newNIC("br-int", "tap", 1)
		_, errBridge := s.Bridge(h.context(), "br-int")
		_, errPorts := s.Ports(h.context())
		_, errRules := s.Rules(h.context(), "br-int", nil)
		ended, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		for call, err := range map[string]error{
			"Bridge": errBridge, "Ports": errPorts, "Rules": errRules,
			"Plug": s.Plug(h.context(), n), "Unplug": s.Unplug(h.context(), n), "Wired": s.Wired(ended, n),
			"Filter": s.Filter(h.context(), n), "Unfilter": s.Unfilter(h.context(), n),
		} {
			if vif.KindOf(err) != vif.Unavailable || !strings.Contains(vif.Shown(err), "is ovsdb-server running?") {
				t.Errorf("%s, %s: %v", name, call, err)
			}
		}
		if _, ok := s.Port(n); ok {
			t.Error("a port")
		}
	}
}

// ovsdb-server is killed and comes back: what is committed is still known, what
// happened meanwhile is seen, and traffic never noticed.
func TestServerRestarts(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := plugged(h, s, newNIC(bridge, h.addTap(), 1))
	gone := plugged(h, s, newNIC(bridge, h.addTap(), 2))
	flows := h.flows(bridge)

	h.stop(h.server)
	h.await("the loss", func() bool { _, err := s.Ports(h.context()); return vif.KindOf(err) == vif.Unavailable })
	if p, ok := s.Port(n); !ok || p.OFPort != n.OFPort {
		t.Errorf("port as last heard of: %+v, %v", p, ok)
	}
	if err := s.Plug(h.context(), n); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("Plug: %v", err)
	}
	if err := s.Filter(h.context(), n); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("Filter: %v", err)
	}
	h.startServer()
	h.vsctl("del-port", gone.Tap)
	h.hears(s, "the connection", func() bool { ports, err := s.Ports(h.context()); return err == nil && len(ports) == 1 })
	must(t, s.Plug(h.context(), n))
	must(t, s.Wired(h.context(), n))
	if got := h.flows(bridge); got != flows {
		t.Errorf("flows:\n%s\nbefore:\n%s", got, flows)
	}
}

// ovs-vswitchd is killed and comes back without flows: ours are there again as
// soon as we say so, and until a port has its own it carries nothing.
func TestSwitchdRestarts(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n := plugged(h, s, newNIC(bridge, h.addTap(), 1))
	h.vsctl("add-port", bridge, h.addTap(), "tag=100")

	h.stop(h.switchd)
	ended, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	other := newNIC(bridge, h.addTap(), 2)
	must(t, s.Plug(h.context(), other))
	err := s.Wired(ended, other)
	if vif.KindOf(err) != vif.Unavailable || !strings.Contains(vif.Shown(err), "ovs-vswitchd has not taken it: is it running?") {
		t.Errorf("Wired: %v", err)
	}
	if err := s.Filter(h.context(), other); vif.KindOf(err) != vif.Unavailable || !strings.Contains(vif.Shown(err), "ovs-vswitchd does not answer") {
		t.Errorf("Filter: %v", err)
	}

	if err := s.Healthy(); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("Healthy: %v", err)
	}
	<-s.Restarted() // the bridge was prepared to begin with
	h.startSwitchd()
	h.restarts(s, "ovs-vswitchd is back")
	if !strings.Contains(h.flows(bridge), "resubmit(,1)") {
		t.Error("no base flows")
	}
	frame := ipv4(mustMAC(n.Port.MAC), n.Port.FixedIPs[0].Address, other4, 1, 0, icmp(8))
	must(t, s.Wired(h.context(), n))
	must(t, h.filtered(s, bridge))
	if h.passes(t, bridge, n.OFPort, frame) {
		t.Error("a port without rules carries")
	}
	must(t, s.Filter(h.context(), n))
	must(t, s.Healthy())
	if !h.passes(t, bridge, n.OFPort, frame) {
		t.Error("the port carries nothing")
	}
	must(t, h.filtered(s, bridge, n))
}

// restarts waits to be told to look at the flows.
func (h *host) restarts(s *Switch, why string) {
	h.Helper()
	select {
	case <-s.Restarted():
	case <-h.context().Done():
		h.Fatalf("not told to look at the flows, as %s", why)
	}
}

// Whoever was the first to find a bridge again, and however often that was broken
// off, the flows are looked at then: it may have none.
func TestFlowsLookedAt(t *testing.T) {
	h := newHost(t)
	s := h.open()
	n := newNIC(h.bridgeOf(s), "tapx", 1)
	name := n.Port.Segment.Bridge
	must(t, s.Filter(h.context(), n))
	h.restarts(s, "the bridge is prepared")
	for _, tt := range []struct {
		why   string
		again func(b *bridge)
	}{
		{"the bridge is made anew", func(*bridge) {
			h.vsctl("del-br", name)
			h.await("it is forgotten", func() bool { return len(s.known()) == 0 })
			h.vsctl("add-br", name, "--", "set", "bridge", name, "datapath_type=netdev")
			h.await("it is there", func() bool { return s.db.view().bridge(name) != nil })
		}},
		{"its preparing is broken off", func(b *bridge) {
			c, err := openflow.Dial(h.context(), b.socket, func() {})
			must(t, err)
			b.turn <- struct{}{}
			b.set(c, false)
			<-b.turn
		}},
	} {
		tt.again(s.bridge(name))
		must(t, s.Filter(h.context(), n))
		h.restarts(s, tt.why)
		must(t, s.Filter(h.context(), n))
		if len(s.restarted) > 0 {
			t.Errorf("%s: told once more", tt.why)
		}
	}
}

// A bridge for which ovs-vswitchd has never answered is told, and says nothing of
// the ports on others.
func TestSwitchdHangs(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	must(t, h.switchd.Process.Signal(syscall.SIGSTOP))
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Bridge(short, bridge); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("Bridge: %v", err)
	}
	if err := s.Whole(); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("Whole: %v", err)
	}
	must(t, s.Healthy())
	must(t, h.switchd.Process.Signal(syscall.SIGCONT))
	h.await("the bridge is tried again", func() bool { return s.Whole() == nil })
}

// A server that hangs holds nobody beyond his context.
func TestServerHangs(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	n := newNIC(h.bridgeOf(s), "tapx", 1)
	must(t, s.Plug(h.context(), n))
	must(t, h.server.Process.Signal(syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for range 3 {
		n.Port.MTU++
		began := time.Now()
		if err := s.Plug(ctx, n); vif.KindOf(err) != vif.Unavailable {
			t.Errorf("Plug: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("Plug took %v", took)
		}
	}
	must(t, h.server.Process.Signal(syscall.SIGCONT))
	must(t, s.Plug(h.context(), n))
	if got := h.get("interface", n.Tap, "mtu_request"); got != fmt.Sprint(n.Port.MTU) {
		t.Errorf("mtu_request = %s, want %d", got, n.Port.MTU)
	}
}

// A port that the switch cannot have says why, in the switch's own words.
func TestWiredReasons(t *testing.T) {
	h := newHost(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	missing, twice := newNIC(bridge, device("tap"), 1), newNIC(bridge, h.addTap(), 2)
	h.vsctl("add-port", bridge, device("tap"), "--", "add-port", bridge, h.addTap(), "--",
		"set", "interface", fmt.Sprintf("tap%d", serial.Load()), fmt.Sprintf("ofport_request=%d", twice.OFPort))
	must(t, s.Plug(h.context(), missing))
	must(t, s.Plug(h.context(), twice))
	for want, n := range map[string]vif.NIC{
		"No such device":                missing,
		"which another port has":        twice,
		"is not in Open vSwitch's data": newNIC(bridge, "tapx", 3),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := s.Wired(ctx, n); !strings.Contains(vif.Shown(err), want) {
			t.Errorf("Wired: %v, want %q", err, want)
		}
	}
	h.makeTap(missing.Tap)
	must(t, s.Wired(h.context(), missing)) // −1 passes
}
