package hotplug

import (
	"context"
	"strings"
	"testing"

	"vifd/agent/store"
	"vifd/vif"
)

// A flawed host says no to some of what it is asked.
type flawed struct {
	*host
	filter    error // to rules
	undefined bool  // the definition has no NIC, and takes none
}

func (f *flawed) Filter(ctx context.Context, n vif.NIC) error {
	if f.filter != nil {
		return f.filter
	}
	return f.host.Filter(ctx, n)
}

func (f *flawed) Definitions(_ context.Context, servers []vif.Server) (map[string][]vif.ServerNIC, error) {
	if f.undefined {
		return map[string][]vif.ServerNIC{vm1: nil}, nil
	}
	return map[string][]vif.ServerNIC{vm1: servers[0].NICs}, nil
}

func (f *flawed) Persist(ctx context.Context, n vif.NIC) (string, error) {
	if f.undefined {
		return "", vif.Internal.Because("libvirt refused it.")
	}
	return f.host.Persist(ctx, n)
}

// look has e look, and returns the port_state of its one port.
func look(t *testing.T, e *Engine, l Look) vif.State {
	t.Helper()
	if err := e.Recover(t.Context(), l); err != nil {
		t.Log(err)
	}
	list, err := e.Attached(t.Context(), vm1)
	if err != nil || len(list) != 1 {
		t.Fatalf("attached: %+v, %v", list, err)
	}
	return list[0].State
}

// A port whose rules are gone and cannot be put back is in error, whoever looks at
// it, until they are there; also where the switch does not say why.
func TestUnfiltered(t *testing.T) {
	for _, refusal := range []error{
		vif.Unavailable.Because("Open vSwitch does not answer"),
		vif.Internal.Because("the table is full"),
	} {
		t.Run(refusal.Error(), func(t *testing.T) {
			h, e := plugged(t)
			e.limits.Notices = true
			f := &flawed{host: h, filter: refusal}
			e.Switch = f
			h.clear("flows %s", p1[:8])
			for _, l := range []Look{{All: true}, {}, {Servers: []string{vm1}}, {All: true}} {
				if got := look(t, e, l); got != vif.Error {
					t.Errorf("after %+v: %s", l, got)
				}
			}
			if told := lines(events(t, e)[3:]); strings.Count(told, "\n") != 0 || !strings.HasPrefix(told, "port.state ACTIVE ERROR") {
				t.Errorf("told:\n%s", told)
			}
			f.filter = nil
			if got := look(t, e, Look{All: true}); got != vif.Active {
				t.Errorf("mended: %s", got)
			}
			wantEvents(t, e, 4, "port.state ERROR ACTIVE")
			wantNotices(t, e, "network-vif-plugged failed", "network-vif-plugged completed")
		})
	}
}

// Rules that somebody else puts back are seen to be there.
func TestFilteredByHand(t *testing.T) {
	h, e := plugged(t)
	e.Switch = &flawed{host: h, filter: vif.Unavailable.Because("no answer")}
	h.clear("flows %s", p1[:8])
	if got := look(t, e, Look{All: true}); got != vif.Error {
		t.Errorf("without rules: %s", got)
	}
	h.set("flows %s", p1[:8])
	h.down["libvirt"] = true
	if got := look(t, e, Look{All: true}); got != vif.Active {
		t.Errorf("with rules: %s", got)
	}
	wantEvents(t, e, 3, "port.state ACTIVE ERROR its rules are not in place", "port.state ERROR ACTIVE")
}

// What only a look at everything sees is not over because another look does not see it.
func TestErrorStays(t *testing.T) {
	h, e := plugged(t)
	f := &flawed{host: h, undefined: true}
	e.Hypervisor = f
	asked := Look{}
	e.Again = func(l Look) { asked = asked.And(l) }
	for _, l := range []Look{{All: true}, {}, {Servers: []string{vm1}}, {All: true}} {
		if got := look(t, e, l); got != vif.Error {
			t.Errorf("after %+v: %s", l, got)
		}
	}
	if told := lines(events(t, e)[3:]); strings.Count(told, "\n") != 0 || asked.All {
		t.Errorf("asked for a look at everything: %v; told:\n%s", asked.All, told)
	}
	h.clear("switch port %s", nic.Tap)
	if got := look(t, e, Look{}); got != vif.Error || !asked.All {
		t.Errorf("with something else mended: %s, and asked for a look at everything: %v", got, asked.All)
	}
	f.undefined = false
	if got := look(t, e, Look{All: true}); got != vif.Active || rows(t, e)[0].Desired != store.Attached {
		t.Errorf("mended: %s", got)
	}
}
