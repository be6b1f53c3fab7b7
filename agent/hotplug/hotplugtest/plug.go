package hotplugtest

import (
	"slices"
	"strings"
	"time"

	"vifd/vif"
)

// moment is how long a case waits for what does not come.
const moment = 100 * time.Millisecond

func knowsBridges(w *wiring) {
	if b, err := w.Bridge(w.Context(), w.On); err != nil || b.Name != w.On || !b.Netdev {
		w.Errorf("%+v, %v", b, err)
	}
	_, err := w.Bridge(w.Context(), "br-none")
	wants(w, "Bridge", vif.NotFound, err)
	if all, err := w.Bridges(w.Context()); err != nil || !slices.Equal(all, []string{w.On}) {
		w.Errorf("bridges %v, %v", all, err)
	}
	must(w, w.Healthy())
}

func plugs(w *wiring) {
	n := w.nic(1, 7)
	w.all()
	if _, there := w.Port(n); there || w.drifted(n) {
		w.Error("a port before it was plugged")
	}
	index := w.Tap(n.Tap)
	w.wire(n)
	w.all(n)
	if p, _ := w.Port(n); p.OFPort != n.OFPort || p.Index != index || p.Error != "" {
		w.Errorf("port %+v, tap %d", p, index)
	}
	if w.drifted(n) || !w.Free(n.Tap) {
		w.Error("it is not as it was plugged, or not vifd's")
	}
	w.all(n, w.plugged(2, 1))
}

func plugsAhead(w *wiring) {
	n := w.nic(1, 7)
	must(w, w.Plug(w.Context(), n))
	w.unwired("without a tap", n)
	index := w.Tap(n.Tap)
	must(w, w.Wired(within(w, patience), n))
	if p, _ := w.Port(n); p.Index != index || p.OFPort != n.OFPort {
		w.Errorf("port %+v, tap %d", p, index)
	}
	must(w, w.Plug(w.Context(), n)) // only now is it known which device it is
	if w.drifted(n) {
		w.Error("plugged again, it is not as it should be")
	}
}

func plugsOnce(w *wiring) {
	n := w.plugged(1, 7)
	was, _ := w.Port(n)
	w.wire(n)
	w.all(n)
	if now, _ := w.Port(n); now != was {
		w.Errorf("%+v, and the second time %+v", was, now)
	}
}

func replacesGeneration(w *wiring) {
	older, newer := w.plugged(1, 7), w.nic(1, 8)
	newer.Tap = "vt" + older.Tap[3:]
	w.Tap(newer.Tap)
	w.wire(newer)
	w.all(newer)
	if p, there := w.Port(older); there {
		w.Errorf("the older generation's is there: %+v", p)
	}
	w.wire(older)
	w.all(older)
}

func replacesOwner(w *wiring) {
	older, n := w.plugged(1, 7), w.nic(2, 3)
	n.Tap = older.Tap
	w.wire(n)
	w.all(n)
}

func leavesStrangersPort(w *wiring) {
	n := w.nic(1, 7)
	w.Tap(n.Tap)
	w.Stranger(n.Tap)
	await(w, "the stranger's port", func() bool { return !w.Free(n.Tap) })
	ctx := within(w, patience)
	wants(w, "Plug", vif.InUse, w.Plug(ctx, n))
	must(w, w.Unplug(ctx, n), w.Retire(ctx, n))
	w.all()
	if w.Free(n.Tap) {
		w.Error("the stranger's port is gone")
	}
}

func unplugs(w *wiring) {
	n, other := w.plugged(1, 7), w.plugged(2, 7)
	for range 2 {
		must(w, w.Unplug(w.Context(), n))
		w.all(other)
	}
	w.unwired("when it is unplugged", n)
	must(w, w.Unplug(w.Context(), w.nic(3, 1)))
	w.wire(n)
	w.all(n, other)
}

func unplugsByMarkers(w *wiring) {
	n := w.plugged(1, 7)
	n.Tap, n.Gen = "vtother", 9
	must(w, w.Unplug(w.Context(), n))
	w.all()
}

func leavesNewerPort(w *wiring) {
	n := w.plugged(1, 7)
	must(w, w.Unplug(w.Context(), w.nic(1, 6)))
	w.all(n)
}

func pollsAnew(w *wiring) {
	n := w.plugged(1, 7)
	w.Untap(n.Tap)
	index := w.Tap(n.Tap)
	w.wire(n)
	if p, _ := w.Port(n); p.Index != index {
		w.Errorf("port %+v, tap %d", p, index)
	}
}

func retires(w *wiring) {
	n, other := w.plugged(1, 7), w.plugged(2, 7)
	ctx := within(w, patience)
	for range 2 {
		must(w, w.Retire(ctx, n))
		w.all(other)
	}
	w.Untap(n.Tap)
	index := w.Tap(n.Tap)
	w.wire(n)
	if p, _ := w.Port(n); p.Index != index {
		w.Errorf("port %+v, tap %d", p, index)
	}
}

func notWired(w *wiring) {
	n := w.nic(1, 7)
	w.Tap(n.Tap)
	w.unwired("before it is plugged", n)
	w.wire(n)
	w.Untap(n.Tap)
	await(w, "the loss of its tap", func() bool { return w.Wired(within(w, moment), n) != nil })
}

func findsDrift(w *wiring) {
	n := w.plugged(1, 7)
	w.Write(n.Tap)
	await(w, "what was written", func() bool { return w.drifted(n) })
	w.wire(n)
	w.all(n)
	if w.drifted(n) {
		w.Error("plugged again, it is not as it should be")
	}
}

func describes(w *wiring) {
	n := w.nic(1, 7)
	if transaction, flows := w.Describe(n); !strings.Contains(transaction, n.Tap) || flows == "" {
		w.Errorf("%q, %q", transaction, flows)
	}
	w.all()
}

func notAvailable(w *wiring) {
	n := w.plugged(1, 7)
	w.Stop()
	await(w, "the loss", func() bool { return w.Healthy() != nil })
	ctx := within(w, patience)
	_, bridge := w.Bridge(ctx, w.On)
	_, ports := w.Ports(ctx)
	_, drifted := w.Drifted(ctx, []vif.NIC{n})
	_, bridges := w.Bridges(ctx)
	_, rules := w.Rules(ctx, w.On, []vif.NIC{n})
	for what, err := range map[string]error{
		"Healthy": w.Healthy(), "Bridge": bridge, "Ports": ports, "Drifted": drifted, "Bridges": bridges, "Rules": rules,
		"Plug": w.Plug(ctx, n), "Unplug": w.Unplug(ctx, n), "Retire": w.Retire(ctx, n), "Filter": w.Filter(ctx, n),
		"Unfilter": w.Unfilter(ctx, n), "Lay": w.Lay(ctx, w.On), "Purge": w.Purge(ctx, w.On, vif.Cookie(n.Port.ID)),
		"Wired of another": w.Wired(within(w, moment), w.nic(2, 1)),
	} {
		wants(w, what, vif.Unavailable, err)
	}
	if p, there := w.Port(n); !there || p.OFPort != n.OFPort {
		w.Errorf("as last heard: %+v, %t", p, there)
	}
}
