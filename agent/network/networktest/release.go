package networktest

import (
	"slices"

	"vifd/vif"
)

func releasesItsOwn(w *world) {
	p := w.claim(func(r *vif.Request) { r.Network = w.small.ID })
	w.release(p)
	if _, err := w.Port(w.Context(), p.ID); vif.KindOf(err) != vif.NotFound {
		w.Errorf("a port made for an attach is still there: %v", err)
	}
}

func releasesAndKeeps(w *world) {
	made := w.port(vif.PortSpec{Network: w.small.ID, Project: "mine"})
	p := w.claim(func(r *vif.Request) { r.Port = made.ID })
	w.release(p)
	now := w.now(made.ID)
	if now.Device != "" || now.DeviceOwner != "" || now.Host != "" || now.Claim != 0 || now.MAC != made.MAC || !slices.Equal(now.FixedIPs, made.FixedIPs) {
		w.Errorf("port = %+v, want it as it was made: %+v", now, made)
	}
	if again := w.claim(func(r *vif.Request) { r.Port, r.Server = made.ID, "other" }); again.Claim <= p.Claim {
		w.Errorf("claim %d after claim %d", again.Claim, p.Claim)
	}
}

func releasesTwice(w *world) {
	for _, p := range []vif.Port{
		w.claim(func(r *vif.Request) { r.Network = w.small.ID }),
		w.claim(func(r *vif.Request) { r.Port = w.port(vif.PortSpec{Network: w.small.ID, Project: "mine"}).ID }),
	} {
		for range 3 {
			w.release(p)
		}
	}
}

func releasesOldClaim(w *world) {
	made := w.port(vif.PortSpec{Network: w.small.ID, Project: "mine"})
	old := w.claim(func(r *vif.Request) { r.Port = made.ID })
	w.release(old)
	w.release(made) // was never claimed
	again := w.claim(func(r *vif.Request) { r.Port, r.Server = made.ID, "other" })
	w.release(old)
	w.release(made)
	if now := w.now(made.ID); now.Device != "other" || now.Claim != again.Claim {
		w.Errorf("port = %+v, want it held by the later claim", now)
	}
}

func knowsHeld(w *world) {
	w.port(vif.PortSpec{Network: w.small.ID, Project: "mine"}) // nobody's
	p := w.claim(func(r *vif.Request) { r.Network = w.small.ID })
	for _, want := range [][]string{{p.ID}, nil} {
		held, err := w.Held(w.Context())
		var ids []string
		for _, h := range held {
			ids = append(ids, h.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			w.Errorf("held = %v, %v, want %v", ids, err, want)
		}
		w.release(p)
	}
}
