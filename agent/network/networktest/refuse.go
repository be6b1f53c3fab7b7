package networktest

import (
	"net/netip"

	"vifd/vif"
)

const nobody = "00000000-0000-4000-8000-000000000000"

func refuses(w *world) {
	taken := w.claim(func(r *vif.Request) { r.Network, r.MAC = w.small.ID, "52:54:00:00:00:01" })
	theirs := w.port(vif.PortSpec{Network: w.theirs.ID, Project: "theirs"})
	before := w.count()
	open := false
	addr := func(text string) []vif.AddressClaim {
		return []vif.AddressClaim{{Address: netip.MustParseAddr(text)}}
	}
	for _, tt := range []struct {
		what   string
		change func(r *vif.Request)
		want   vif.Kind
	}{
		{"unknown port", func(r *vif.Request) { r.Port = nobody }, vif.NotFound},
		{"unknown network", func(r *vif.Request) { r.Network = nobody }, vif.NotFound},
		{"another project's port", func(r *vif.Request) { r.Port = theirs.ID }, vif.Invalid},
		{"another project's network", func(r *vif.Request) { r.Network = w.theirs.ID }, vif.NotFound},
		{"a port that a server holds", func(r *vif.Request) { r.Port, r.Server = taken.ID, "other" }, vif.InUse},
		{"a port that this server holds", func(r *vif.Request) { r.Port = taken.ID }, vif.InUse},
		{"both", func(r *vif.Request) { r.Port, r.Network = taken.ID, w.small.ID }, vif.Invalid},
		{"an address without a network", func(r *vif.Request) { r.FixedIPs = addr("10.20.0.2") }, vif.Invalid},
		{"an address in use", func(r *vif.Request) {
			r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Address: taken.FixedIPs[0].Address}}
		}, vif.InUse},
		{"an address of no subnet", func(r *vif.Request) { r.Network, r.FixedIPs = w.small.ID, addr("10.99.0.1") }, vif.Invalid},
		{"a subnet of another network", func(r *vif.Request) {
			r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Subnet: nobody}}
		}, vif.Invalid},
		{"a MAC in use", func(r *vif.Request) { r.Network, r.MAC = w.small.ID, "52:54:00:00:00:01" }, vif.InUse},
		{"a multicast MAC", func(r *vif.Request) { r.Network, r.MAC = w.small.ID, "01:00:5e:00:00:01" }, vif.Invalid},
		{"no port security", func(r *vif.Request) { r.Network, r.Secure = w.small.ID, &open }, vif.Forbidden},
		{"no network to choose", func(r *vif.Request) { r.Caller.Project, r.Project = "poor", "poor" }, vif.Invalid},
	} {
		if p, err := w.Claim(w.Context(), asked(tt.change)); err == nil || vif.KindOf(err) != tt.want || p.ID != "" {
			w.Errorf("%s: %+v, %v, want kind %q", tt.what, p, err, tt.want)
		}
		if got := w.count(); got != before {
			w.Errorf("%s: %d ports, %d before", tt.what, got, before)
		}
	}
}

// A claim that fails on its second address has not taken the first.
func refusesWithoutTrace(w *world) {
	first := netip.MustParseAddr("10.20.0.2")
	_, err := w.Claim(w.Context(), asked(func(r *vif.Request) {
		r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Address: first}, {Address: netip.MustParseAddr("10.99.0.1")}}
	}))
	if vif.KindOf(err) != vif.Invalid {
		w.Errorf("err = %v", err)
	}
	w.claim(func(r *vif.Request) { r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Address: first}} })
}

func runsOut(w *world) {
	four := func(r *vif.Request) { r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Version: 4}} }
	one, two := w.claim(four), w.claim(four)
	if one.FixedIPs[0].Address == two.FixedIPs[0].Address {
		w.Errorf("%s was given twice", one.FixedIPs[0].Address)
	}
	for what, change := range map[string]func(*vif.Request){
		"version 4":  four,
		"both":       func(r *vif.Request) { r.Network = w.small.ID },
		"its subnet": func(r *vif.Request) { r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Subnet: w.four.ID}} },
		"two of three": func(r *vif.Request) {
			r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Version: 6}, {Version: 4}}
		},
	} {
		if _, err := w.Claim(w.Context(), asked(change)); vif.KindOf(err) != vif.Exhausted {
			w.Errorf("%s: %v, want %q", what, err, vif.Exhausted)
		}
	}
	if got := w.count(); got != 2 {
		w.Errorf("%d ports, want 2", got)
	}
}
