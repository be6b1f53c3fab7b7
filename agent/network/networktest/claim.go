package networktest

import (
	"net"
	"net/netip"
	"reflect"

	"vifd/vif"
)

func claimsByNetwork(w *world) {
	p := w.claim(func(r *vif.Request) { r.Network = w.small.ID })
	if mac, err := net.ParseMAC(p.MAC); err != nil || mac[0]&1 != 0 || mac.String() != p.MAC {
		w.Errorf("MAC = %q, want a unicast one", p.MAC)
	}
	got := p
	got.MAC, got.FixedIPs = "", nil
	want := vif.Port{
		ID: p.ID, Project: "mine", Network: w.small.ID, MTU: 1442, Segment: w.small.Segment, Secure: true, AdminUp: true,
		Device: "vm", DeviceOwner: p.DeviceOwner, Host: p.Host, Claim: p.Claim, Ephemeral: true, Created: p.Created, Updated: p.Updated,
	}
	if !reflect.DeepEqual(got, want) || p.Claim == 0 || p.Host == "" || p.DeviceOwner == "" {
		w.Errorf("port = %+v, want %+v", got, want)
	}
	if len(p.FixedIPs) != 2 || p.FixedIPs[0].Subnet != w.four.ID || p.FixedIPs[1].Subnet != w.six.ID {
		w.Errorf("addresses = %v, want one of each version", p.FixedIPs)
	}
	if now := w.now(p.ID); !reflect.DeepEqual(now, p) {
		w.Errorf("port is %+v, Claim said %+v", now, p)
	}
}

func claimsByPort(w *world) {
	made := w.port(vif.PortSpec{Network: w.small.ID, Project: "mine", Name: "eth", MAC: "52:54:00:00:00:07"})
	p := w.claim(func(r *vif.Request) { r.Port = made.ID })
	want := made
	want.Device, want.DeviceOwner, want.Host, want.Claim, want.Updated = "vm", p.DeviceOwner, p.Host, p.Claim, p.Updated
	if !reflect.DeepEqual(p, want) || p.Claim == 0 {
		w.Errorf("port = %+v, want %+v", p, want)
	}
}

func claimsOnlyNetwork(w *world) {
	if p := w.claim(func(*vif.Request) {}); p.Network != w.small.ID {
		w.Errorf("claimed on %s, want %s", p.Network, w.small.ID)
	}
	w.network(vif.Network{Name: "shared", Shared: true, Segment: vif.Segment{VLAN: 300}})
	_, err := w.Claim(w.Context(), asked(func(*vif.Request) {}))
	if vif.KindOf(err) != vif.Ambiguous {
		w.Errorf("with two networks: %v, want %q", err, vif.Ambiguous)
	}
}

func claimsWhatIsAsked(w *world) {
	six := netip.MustParseAddr("fd00:20::99")
	p := w.claim(func(r *vif.Request) {
		r.Network, r.MAC = w.small.ID, "52:54:00:AA:bb:01"
		r.FixedIPs = []vif.AddressClaim{{Address: six}, {Version: 4}}
	})
	if p.MAC != "52:54:00:aa:bb:01" {
		w.Errorf("MAC = %s", p.MAC)
	}
	if len(p.FixedIPs) != 2 || p.FixedIPs[0] != (vif.FixedIP{Subnet: w.six.ID, Address: six}) || p.FixedIPs[1].Subnet != w.four.ID {
		w.Errorf("addresses = %v, want %s and one of %s", p.FixedIPs, six, w.four.ID)
	}
	p = w.claim(func(r *vif.Request) {
		r.Network, r.FixedIPs = w.small.ID, []vif.AddressClaim{{Subnet: w.six.ID}}
	})
	if len(p.FixedIPs) != 1 || p.FixedIPs[0].Subnet != w.six.ID || !w.six.CIDR.Contains(p.FixedIPs[0].Address) {
		w.Errorf("addresses = %v, want one of %s", p.FixedIPs, w.six.CIDR)
	}
	open := false
	p = w.claim(func(r *vif.Request) {
		r.Network, r.Secure, r.Caller.Admin, r.FixedIPs = w.small.ID, &open, true, []vif.AddressClaim{{Version: 6}}
	})
	if p.Secure {
		w.Error("an admin has lifted port security, and it is on")
	}
}
