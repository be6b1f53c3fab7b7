package hotplugtest

import (
	"net/netip"
	"slices"

	"vifd/vif"
)

// filtered sees that of these NICs, which are all that the bridge should have
// rules for, none lacks some or has others.
func (w *wiring) filtered(nics ...vif.NIC) {
	w.Helper()
	r := w.rules(nics...)
	for _, n := range nics {
		if r.Astray[n.Port.ID] {
			w.Errorf("the rules of %s are not in place", n.Tap)
		}
	}
	if len(r.Strays) != 0 || !r.Base {
		w.Errorf("rules %+v", r)
	}
}

// astray sees that n's rules are not in place.
func (w *wiring) astray(n vif.NIC, others ...vif.NIC) {
	w.Helper()
	if r := w.rules(append(others, n)...); !r.Astray[n.Port.ID] {
		w.Errorf("the rules of %s are in place", n.Tap)
	}
}

func filters(w *wiring) {
	n, other := w.nic(1, 7), w.nic(2, 7)
	ctx := within(w, patience)
	w.filtered()
	w.astray(n)
	for range 2 {
		must(w, w.Filter(ctx, n))
		w.filtered(n)
	}
	must(w, w.Filter(ctx, other))
	w.filtered(n, other)
	for range 2 {
		must(w, w.Unfilter(ctx, n))
		w.filtered(other)
	}
	w.astray(n, other)
}

func filtersAnew(w *wiring) {
	n := w.nic(1, 7)
	ctx := within(w, patience)
	must(w, w.Filter(ctx, n))
	for _, change := range []func(){
		func() { n.Port.FixedIPs = []vif.FixedIP{{Address: netip.MustParseAddr("10.20.0.77")}} },
		func() { n.OFPort++ },
		func() { n.Port.Secure = false },
	} {
		change()
		w.astray(n)
		must(w, w.Filter(ctx, n))
		w.filtered(n)
	}
}

func filtersHere(w *wiring) {
	n := w.nic(1, 7)
	n.Port.Segment.Bridge = "br-none"
	ctx := within(w, patience)
	wants(w, "Filter", vif.NotFound, w.Filter(ctx, n))
	wants(w, "Plug", vif.NotFound, w.Plug(ctx, n))
	must(w, w.Unfilter(ctx, n), w.Unplug(ctx, n))
	_, err := w.Rules(ctx, "br-none", nil)
	wants(w, "Rules", vif.NotFound, err)
	w.filtered()
}

func purges(w *wiring) {
	n, stray := w.nic(1, 7), w.nic(2, 7)
	ctx := within(w, patience)
	must(w, w.Filter(ctx, n), w.Filter(ctx, stray))
	cookie := vif.Cookie(stray.Port.ID)
	if r := w.rules(n); !slices.Equal(r.Strays, []uint64{cookie}) || r.Astray[n.Port.ID] {
		w.Errorf("rules %+v, want %#x astray", r, cookie)
	}
	for range 2 {
		must(w, w.Purge(ctx, w.On, cookie))
		w.filtered(n)
	}
}

func lays(w *wiring) {
	n := w.nic(1, 7)
	ctx := within(w, patience)
	must(w, w.Filter(ctx, n), w.Lay(ctx, w.On))
	w.filtered(n)
	w.Loosen()
	await(w, "the loss", func() bool { return !w.rules(n).Base })
	must(w, w.Lay(ctx, w.On))
	w.astray(n)
	if r := w.rules(n); !r.Base {
		w.Errorf("rules %+v", r)
	}
	must(w, w.Filter(ctx, n))
	w.filtered(n)
}
