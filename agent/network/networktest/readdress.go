package networktest

import (
	"net/netip"
	"slices"

	"vifd/vif"
)

// givesOthers takes an address away, and gives another, which is nobody else's.
func givesOthers(w *world) {
	p := w.claim(func(r *vif.Request) { r.Network = w.small.ID })
	kept := p.FixedIPs[1:]
	less, err := w.Readdress(w.Context(), p, kept)
	if err != nil || !slices.Equal(less.FixedIPs, kept) || !slices.Equal(w.now(p.ID).FixedIPs, kept) {
		w.Errorf("without one: %v, %v, want %v", less.FixedIPs, err, kept)
	}
	more, err := w.Readdress(w.Context(), p, append(slices.Clone(kept), vif.FixedIP{Subnet: w.six.ID}))
	if err != nil || len(more.FixedIPs) != 2 || more.FixedIPs[0] != kept[0] || more.FixedIPs[1] == kept[0] || more.FixedIPs[1].Subnet != w.six.ID {
		w.Errorf("with one more: %v, %v", more.FixedIPs, err)
	}
	if more.Claim != p.Claim || more.Device != p.Device {
		w.Errorf("the claim is another: %+v", more)
	}
	other := w.claim(func(r *vif.Request) {
		r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Version: 6}}
	})
	if slices.Contains(more.FixedIPs, other.FixedIPs[0]) {
		w.Errorf("%v is given twice", other.FixedIPs[0])
	}
	if _, err := w.Readdress(w.Context(), p, other.FixedIPs); vif.KindOf(err) != vif.InUse || !slices.Equal(w.now(p.ID).FixedIPs, more.FixedIPs) {
		w.Errorf("one of another port: %v, and has %v", err, w.now(p.ID).FixedIPs)
	}
	outside := []vif.FixedIP{{Address: netip.MustParseAddr("192.0.2.1")}}
	if _, err := w.Readdress(w.Context(), p, outside); vif.KindOf(err) != vif.Invalid {
		w.Errorf("one outside of the network: %v", err)
	}
}

func keepsFromOldClaim(w *world) {
	made := w.port(vif.PortSpec{Network: w.small.ID, Project: "mine"})
	old := w.claim(func(r *vif.Request) { r.Port = made.ID })
	w.release(old)
	again := w.claim(func(r *vif.Request) { r.Port, r.Server = made.ID, "other" })
	for _, p := range []vif.Port{old, made} {
		if _, err := w.Readdress(w.Context(), p, nil); vif.KindOf(err) != vif.WrongState || !slices.Equal(w.now(made.ID).FixedIPs, again.FixedIPs) {
			w.Errorf("%v, and has %v", err, w.now(made.ID).FixedIPs)
		}
	}
}
