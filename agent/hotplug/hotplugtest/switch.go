package hotplugtest

import (
	"context"
	"testing"

	"vifd/vif"
)

// A Switch joins taps to networks.
type Switch interface {
	Bridge(ctx context.Context, name string) (vif.Bridge, error)
	Filter(ctx context.Context, n vif.NIC) error
	Unfilter(ctx context.Context, n vif.NIC) error
	Plug(ctx context.Context, n vif.NIC) error
	Unplug(ctx context.Context, n vif.NIC) error
	Retire(ctx context.Context, n vif.NIC) error
	Describe(n vif.NIC) (transaction, flows string)
	Wired(ctx context.Context, n vif.NIC) error
	Port(n vif.NIC) (vif.SwitchPort, bool)
	Healthy() error
	Ports(ctx context.Context) ([]vif.SwitchPort, error)
	Drifted(ctx context.Context, nics []vif.NIC) (map[string]bool, error)
	Bridges(ctx context.Context) ([]string, error)
	Rules(ctx context.Context, bridge string, nics []vif.NIC) (vif.Rules, error)
	Lay(ctx context.Context, bridge string) error
	Purge(ctx context.Context, bridge string, cookie uint64) error
	Free(name string) bool
}

// A Wiring is a switch that runs, with what others do there.
type Wiring struct {
	Switch
	On       string                // a bridge that is there
	Tap      func(name string) int // makes a device of that name, and returns its index
	Untap    func(name string)     // deletes it
	Stranger func(name string)     // plugs it in as a port that is not vifd's
	Write    func(name string)     // writes another VLAN into the port of that name
	Loosen   func()                // undoes the bridge's fail mode, with which all of its flows go
	Stop     func()                // ends Open vSwitch
}

// RunSwitch tests the switches that open returns: each new, and without any port.
func RunSwitch(t *testing.T, open func(t *testing.T) Wiring) {
	for name, test := range map[string]func(*wiring){
		"knows its bridges":                knowsBridges,
		"plugs":                            plugs,
		"plugs ahead of the tap":           plugsAhead,
		"plugs once":                       plugsOnce,
		"takes another generation's place": replacesGeneration,
		"takes an older owner's place":     replacesOwner,
		"leaves a stranger's port":         leavesStrangersPort,
		"unplugs":                          unplugs,
		"unplugs by its markers":           unplugsByMarkers,
		"leaves a newer generation's port": leavesNewerPort,
		"polls a tap that was made anew":   pollsAnew,
		"retires":                          retires,
		"is not wired without its tap":     notWired,
		"finds what was written":           findsDrift,
		"filters":                          filters,
		"filters other addresses":          filtersAnew,
		"filters on no other bridge":       filtersHere,
		"purges":                           purges,
		"lays":                             lays,
		"describes":                        describes,
		"says that it is not there":        notAvailable,
	} {
		t.Run(name, func(t *testing.T) {
			w := &wiring{t, open(t)}
			_, err := w.Bridge(within(t, patience), w.On)
			must(t, err)
			test(w)
		})
	}
}

type wiring struct {
	*testing.T
	Wiring
}

func (w *wiring) nic(i int, gen int64) vif.NIC {
	n := nic(i, gen)
	n.Server, n.Port.Segment.Bridge = "5d1e7e5c-0000-4000-8000-000000000001", w.On
	return n
}

// plugged returns a NIC whose port polls its tap.
func (w *wiring) plugged(i int, gen int64) vif.NIC {
	w.Helper()
	n := w.nic(i, gen)
	w.Tap(n.Tap)
	w.wire(n)
	return n
}

func (w *wiring) wire(n vif.NIC) {
	w.Helper()
	ctx := within(w, patience)
	must(w, w.Plug(ctx, n), w.Wired(ctx, n))
}

// all sees that these NICs have switch ports, and nothing else of ours.
func (w *wiring) all(want ...vif.NIC) {
	w.Helper()
	ports, err := w.Ports(w.Context())
	if err != nil || len(ports) != len(want) {
		w.Fatalf("ports %+v, %v, want %d", ports, err, len(want))
	}
	for _, n := range want {
		if p, there := w.Port(n); !there || p.Name != n.Tap || p.Port != n.Port.ID || p.Gen != n.Gen ||
			p.Bridge != w.On || p.VLAN != n.Port.Segment.VLAN || p.MAC != n.Port.MAC {
			w.Errorf("port %+v, %t, want that of %s", p, there, n.Tap)
		}
	}
}

// unwired sees that the switch does not say that it polls n's tap.
func (w *wiring) unwired(why string, n vif.NIC) {
	w.Helper()
	wants(w, "Wired "+why, vif.Unavailable, w.Wired(within(w, moment), n))
}

// drifted sees whether n's rows are not as n wants them.
func (w *wiring) drifted(n vif.NIC) bool {
	w.Helper()
	found, err := w.Drifted(w.Context(), []vif.NIC{n})
	must(w, err)
	return found[n.Port.ID]
}

// rules are those of the bridge, where the NICs are all that it should have.
func (w *wiring) rules(nics ...vif.NIC) vif.Rules {
	w.Helper()
	r, err := w.Rules(within(w, patience), w.On, nics)
	must(w, err)
	return r
}
