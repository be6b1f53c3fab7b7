package hotplug

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"vifd/vif"
)

// had is the address that a port is given first, and given the one after that.
var had, given = netip.MustParseAddr("10.20.0.98"), netip.MustParseAddr("10.20.0.99")

func (h *host) Readdress(ctx context.Context, p vif.Port, want []vif.FixedIP) (vif.Port, error) {
	err := h.act(ctx, "authority", "readdress", func() {
		p.FixedIPs = slices.Clone(want)
		for i := range p.FixedIPs {
			if !p.FixedIPs[i].Address.IsValid() {
				p.FixedIPs[i].Address = h.given
			}
		}
		h.ports[p.ID] = p
	})
	return h.ports[p.ID], err
}

// addressed is plugged, with an address.
func addressed(t *testing.T) (*host, *Engine) {
	t.Helper()
	h, e := plugged(t)
	if err := e.AddAddress(t.Context(), vif.Request{Server: vm1, Operation: "req-0"}); err != nil {
		t.Fatal(err)
	}
	h.given = h.given.Next()
	return h, e
}

// everywhere returns p1's addresses as the row, the authority and the filter have
// them: one text if they agree.
func everywhere(t *testing.T, h *host, e *Engine) string {
	t.Helper()
	row, port, filter := fmt.Sprint(rows(t, e)[0].NIC.Port.FixedIPs), fmt.Sprint(h.ports[p1].FixedIPs), fmt.Sprint(h.pass[p1])
	if row != port || port != filter {
		t.Errorf("the row has %s, the authority %s, the filter %s", row, port, filter)
	}
	return row
}

// The changes of addresses that there are, of a port that is addressed.
var readdressing = map[string]struct {
	kind  string
	do    func(context.Context, *Engine) error
	order []string
}{
	"add": {vif.AddFixedIP, func(ctx context.Context, e *Engine) error {
		return e.AddAddress(ctx, vif.Request{Server: vm1, Network: nic.Port.Network, Operation: "req-2"})
	}, []string{"readdress", "filter"}},
	"remove": {vif.RemoveFixedIP, func(ctx context.Context, e *Engine) error {
		return e.RemoveAddress(ctx, vif.Request{Server: vm1, Operation: "req-2"}, had)
	}, []string{"filter", "readdress"}},
	"set": {vif.UpdatePort, func(ctx context.Context, e *Engine) error {
		return e.SetAddresses(ctx, vif.Request{Server: vm1, Port: p1, Operation: "req-2"}, make([]vif.FixedIP, 1))
	}, []string{"filter", "readdress", "filter"}},
}

// What is added passes once the authority has given it, and what is removed passes
// no more before the authority has it back.
func TestReaddress(t *testing.T) {
	for name, tt := range readdressing {
		t.Run(name, func(t *testing.T) {
			h, e := addressed(t)
			before, began := everywhere(t, h, e), len(h.trace)
			if err := tt.do(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			now := everywhere(t, h, e)
			if want := slices.Contains(h.pass[p1], vif.FixedIP{Address: given}); now == before || want != (name != "remove") {
				t.Errorf("had %s, has %s", before, now)
			}
			if !slices.Equal(h.trace[began:], tt.order) {
				t.Errorf("did %v, want %v", h.trace[began:], tt.order)
			}
			if o := operations(t, e.Store)[0]; o.Kind != tt.kind || o.ID != "req-2" || o.Port != p1 || o.Result != vif.Success || len(o.Steps) != len(tt.order) {
				t.Errorf("recorded %+v", o)
			}
			acts := len(h.trace)
			if err := e.Recover(t.Context(), Look{All: true}); err != nil || len(h.trace) != acts {
				t.Errorf("the next look did %v, %v", h.trace[acts:], err)
			}
		})
	}
}

// A part that fails leaves the addresses as they were, and says so.
func TestReaddressFails(t *testing.T) {
	for name, tt := range readdressing {
		for _, act := range []string{"filter", "readdress"} {
			t.Run(name+" "+act, func(t *testing.T) {
				h, e := addressed(t)
				before := everywhere(t, h, e)
				h.fail = act
				if err := tt.do(t.Context(), e); vif.KindOf(err) != vif.Unavailable {
					t.Errorf("err = %v", err)
				}
				h.bury()
				if err := e.Recover(t.Context(), Look{All: true}); err != nil {
					t.Fatal(err)
				}
				if now := everywhere(t, h, e); act == "filter" && now != before {
					t.Errorf("had %s, has %s", before, now)
				}
				if o := operations(t, e.Store)[0]; o.Result != vif.Failure {
					t.Errorf("recorded %+v", o)
				}
			})
		}
	}
}

// Wherever vifd dies, the row, the authority and the filter agree after the next
// start.
func TestReaddressDies(t *testing.T) {
	for name, tt := range readdressing {
		for _, act := range []string{"filter", "readdress"} {
			t.Run(name+" "+act, func(t *testing.T) {
				h, e := addressed(t)
				h.crash = act
				if err := tt.do(t.Context(), e); err == nil || !h.dead {
					t.Fatalf("%v, died: %t", err, h.dead)
				}
				h.bury()
				next := newEngine(t, h, e.Store)
				if err := next.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				everywhere(t, h, next)
			})
		}
	}
}

// What the server has not got is refused, and so is what is on its way out.
func TestReaddressNothing(t *testing.T) {
	h, e := addressed(t)
	for name, tt := range map[string]struct {
		err  error
		kind vif.Kind
		text string
	}{
		"no such network": {e.AddAddress(t.Context(), vif.Request{Server: vm1, Network: "n9"}), vif.NotFound,
			"Network could not be found for instance " + vm1 + "."},
		"no such server": {e.AddAddress(t.Context(), vif.Request{Server: "vm9", Network: nic.Port.Network}), vif.NotFound, ""},
		"no such address": {e.RemoveAddress(t.Context(), vif.Request{Server: vm1}, given), vif.Invalid,
			"Instance " + vm1 + " does not have fixed IP address '10.20.0.99'."},
		"no such port": {e.SetAddresses(t.Context(), vif.Request{Server: vm1, Port: "p9"}, nil), vif.InUse,
			"Port p9 is on its way into instance " + vm1 + " or out of it: try again."},
	} {
		if vif.KindOf(tt.err) != tt.kind || tt.text != "" && vif.Shown(tt.err) != tt.text {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	h.stuck = true
	e.Detach(t.Context(), detach(vm1, p1, "req-2"))
	began := len(h.trace)
	if err := readdressing["add"].do(t.Context(), e); vif.KindOf(err) != vif.NotFound || len(h.trace) != began {
		t.Errorf("on its way out: %v, did %v", err, h.trace[began:])
	}
}
