package networktest

import (
	"net/netip"
	"strconv"
	"sync"

	"vifd/vif"
)

// many is how many claims are made at the same time.
const many = 16

// race makes many claims at the same time, each for a server of its own, and
// returns those that succeeded. The others must be refused with the kind.
func (w *world) race(refused vif.Kind, change func(r *vif.Request)) (won []vif.Port) {
	w.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			p, err := w.Claim(w.Context(), asked(func(r *vif.Request) {
				change(r)
				r.Server = "vm" + strconv.Itoa(i)
			}))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won = append(won, p)
			case vif.KindOf(err) != refused:
				w.Errorf("claim %d: %v, want kind %q", i, err, refused)
			}
		})
	}
	all.Wait()
	return won
}

func givesPortOnce(w *world) {
	made := w.port(vif.PortSpec{Network: w.small.ID, Project: "mine"})
	won := w.race(vif.InUse, func(r *vif.Request) { r.Port = made.ID })
	if len(won) != 1 || won[0].Device != w.now(made.ID).Device {
		w.Errorf("%d claims of one port succeeded: %v", len(won), won)
	}
}

func givesAddressOnce(w *world) {
	addr := netip.MustParseAddr("fd00:20::42")
	won := w.race(vif.InUse, func(r *vif.Request) {
		r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Address: addr}}
	})
	if len(won) != 1 {
		w.Errorf("%d claims of one address succeeded", len(won))
	}
}

func givesOwnAddresses(w *world) {
	won := w.race("", func(r *vif.Request) {
		r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Version: 6}}
	})
	addrs, macs := map[netip.Addr]bool{}, map[string]bool{}
	for _, p := range won {
		addrs[p.FixedIPs[0].Address], macs[p.MAC] = true, true
	}
	if len(won) != many || len(addrs) != many || len(macs) != many {
		w.Errorf("%d claims: %d ports, %d addresses, %d MACs", many, len(won), len(addrs), len(macs))
	}
}
