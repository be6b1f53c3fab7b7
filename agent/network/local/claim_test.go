package local

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"vifd/vif"
)

var mine = vif.Caller{Project: "mine"}

func TestClaimRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t, Defaults{})
	down, err := s.CreateNetwork(t.Context(), vif.Network{Project: "theirs", Segment: vif.Segment{VLAN: 9}})
	if err != nil {
		t.Fatal(err)
	}
	kept := s.port(t, vif.PortSpec{Network: s.net.ID, Project: "mine", Secure: new(true), AdminUp: true})
	foreign := s.port(t, vif.PortSpec{Network: s.net.ID, Project: "theirs", AdminUp: true})
	onDown := s.port(t, vif.PortSpec{Network: down.ID, Project: "mine", AdminUp: true})
	downed := s.port(t, vif.PortSpec{Network: s.net.ID, Project: "mine", FixedIPs: []vif.AddressClaim{}})
	admin := vif.Caller{Admin: true}
	for _, tt := range []struct {
		what string
		r    vif.Request
		kind vif.Kind
		says string
	}{
		{"no server", vif.Request{Port: kept.ID, Caller: mine}, vif.Invalid, "none is given"},
		{"both", vif.Request{Server: "vm", Port: kept.ID, Network: s.net.ID, Caller: mine}, vif.Invalid, "Must not input both network_id and port_id"},
		{"an address without a network", vif.Request{Server: "vm", Port: kept.ID, FixedIPs: make([]vif.AddressClaim, 1), Caller: mine}, vif.Invalid,
			"Must input network_id when request IP address"},
		{"a MAC for a port", vif.Request{Server: "vm", Port: kept.ID, MAC: "52:54:00:00:00:01", Caller: mine}, vif.Invalid, "has a MAC address already"},
		{"unknown security groups", vif.Request{Server: "vm", Network: s.net.ID, SecGroups: []string{nobody}, Caller: mine}, vif.NotFound, "Security group " + nobody + " does not exist"},
		{"security groups of another port", vif.Request{Server: "vm", Port: kept.ID, SecGroups: []string{nobody}, Caller: mine}, vif.Invalid, "has other security groups than those"},
		{"no port security", vif.Request{Server: "vm", Network: s.net.ID, Secure: new(false), Caller: mine}, vif.Forbidden, "by an admin only"},
		{"no port security for a port", vif.Request{Server: "vm", Port: kept.ID, Secure: new(false), Caller: admin}, vif.Invalid, "has port_security_enabled=true"},
		{"unknown port", vif.Request{Server: "vm", Port: nobody, Caller: mine}, vif.NotFound, "Port id " + nobody + " could not be found."},
		{"another's port", vif.Request{Server: "vm", Port: foreign.ID, Caller: mine}, vif.Invalid, "Port " + foreign.ID + " not usable for instance vm."},
		{"another's port for an admin", vif.Request{Server: "vm", Port: foreign.ID, Project: "poor", Caller: admin}, vif.Invalid,
			"Port " + foreign.ID + " not usable for instance vm."},
		{"unknown network", vif.Request{Server: "vm", Network: nobody, Caller: mine}, vif.NotFound, "Network " + nobody + " could not be found."},
		{"another's network", vif.Request{Server: "vm", Network: down.ID, Caller: mine}, vif.NotFound, "Network " + down.ID + " could not be found."},
		{"a network that is down", vif.Request{Server: "vm", Network: down.ID, Caller: admin}, vif.WrongState, "administratively down"},
		{"a port on one that is down", vif.Request{Server: "vm", Port: onDown.ID, Caller: mine}, vif.WrongState, "administratively down"},
		{"a port that is down", vif.Request{Server: "vm", Port: downed.ID, Caller: mine}, vif.WrongState, "Port " + downed.ID + " is administratively down"},
		{"no network", vif.Request{Server: "vm", Caller: vif.Caller{Project: "poor"}}, vif.Invalid,
			"No specific network was requested and none are available for project 'poor'."},
		{"no network for the project", vif.Request{Server: "vm", Project: "poor", Caller: admin}, vif.Invalid, "for project 'poor'"},
		{"an admin of no project", vif.Request{Server: "vm", Caller: admin}, vif.Ambiguous,
			"Multiple possible networks found, use a Network ID to be more specific."},
		{"no addresses", vif.Request{Server: "vm", Network: s.net.ID, FixedIPs: slices.Repeat([]vif.AddressClaim{{Version: 4}}, 4), Caller: mine}, vif.Exhausted,
			"No fixed IP addresses available for network: " + s.net.ID},
	} {
		_, err := s.Claim(t.Context(), tt.r)
		check(t, tt.what, err, tt.kind, tt.says)
	}
	if all, err := s.Ports(t.Context()); err != nil || len(all) != 4 {
		t.Errorf("ports = %v, %v, want the four of before", all, err)
	}
}

// Who may choose among what when no network is named.
func TestOnlyNetwork(t *testing.T) {
	t.Parallel()
	admin := vif.Caller{Admin: true}
	for _, tt := range []struct {
		what     string
		networks []vif.Network
		r        vif.Request
		want     string // the project of the port; "" for none
	}{
		{"its own", []vif.Network{{Project: "mine"}, {Project: "theirs"}}, vif.Request{Caller: mine}, "mine"},
		{"a shared one", []vif.Network{{Project: "theirs", Shared: true}}, vif.Request{Caller: mine}, "mine"},
		{"nobody's", []vif.Network{{}}, vif.Request{Caller: mine}, ""},
		{"an admin, for a project", []vif.Network{{Project: "mine"}, {Project: "theirs"}}, vif.Request{Caller: admin, Project: "mine"}, "mine"},
		{"an admin, nobody's", []vif.Network{{}, {Project: "theirs"}}, vif.Request{Caller: admin, Project: "mine"}, "mine"},
		{"an admin, another's", []vif.Network{{Project: "theirs"}}, vif.Request{Caller: admin, Project: "mine"}, ""},
	} {
		l := New(openStore(t), "h1", Defaults{})
		for i, n := range tt.networks {
			n.AdminUp, n.Segment.VLAN = true, i+1
			if _, err := l.CreateNetwork(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		tt.r.Server = "vm"
		p, err := l.Claim(t.Context(), tt.r)
		if (err == nil) != (tt.want != "") || p.Project != tt.want {
			t.Errorf("%s: %+v, %v, want a port of %q", tt.what, p, err, tt.want)
		}
	}
}

// An address that was given back rests, through a restart and whatever is done
// to the clock; its project alone may ask for it by name.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := Defaults{Quarantine: time.Minute, Now: func() time.Time { return clock }}
	s := newSite(t, d)
	hold := func(l *Local, project string, claim vif.AddressClaim) (vif.Port, error) {
		return l.Claim(t.Context(), vif.Request{Server: "vm", Network: s.net.ID, Project: project,
			FixedIPs: []vif.AddressClaim{claim}, Caller: vif.Caller{Admin: true}})
	}
	var held []vif.Port
	for range 5 { // the whole pool
		p, err := hold(s.Local, "mine", vif.AddressClaim{Version: 4})
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, p)
	}
	if err := s.Release(t.Context(), held[2]); err != nil {
		t.Fatal(err)
	}
	gone := held[2].FixedIPs[0].Address
	_, err := hold(s.Local, "mine", vif.AddressClaim{Version: 4})
	check(t, "at once", err, vif.Exhausted, "No fixed IP addresses available")
	_, err = hold(s.Local, "theirs", vif.AddressClaim{Address: gone})
	check(t, "by another project", err, vif.InUse, "Fixed IP "+gone.String()+" is already in use.")

	clock = clock.AddDate(-1, 0, 0)
	restarted := New(s.store, "h1", d)
	_, err = hold(restarted, "mine", vif.AddressClaim{Version: 4})
	check(t, "a year back", err, vif.Exhausted, "No fixed IP addresses available")
	clock = clock.Add(time.Minute)
	p, err := hold(restarted, "theirs", vif.AddressClaim{Version: 4})
	if err != nil || p.FixedIPs[0].Address != gone {
		t.Errorf("a minute later: %v, %v, want %s", p.FixedIPs, err, gone)
	}
	if err := s.Release(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if p, err = hold(restarted, "theirs", vif.AddressClaim{Address: gone}); err != nil || p.FixedIPs[0].Address != gone {
		t.Errorf("by name: %v, %v, want %s", p.FixedIPs, err, gone)
	}
}

// Addresses that ports lose in other ways rest as well.
func TestQuarantineAfterUpdate(t *testing.T) {
	t.Parallel()
	s := newSite(t, Defaults{Quarantine: time.Minute})
	for what, lose := range map[string]func(p vif.Port) error{
		"update": func(p vif.Port) error { p.FixedIPs = nil; _, err := s.UpdatePort(t.Context(), p); return err },
		"delete": func(p vif.Port) error { return s.DeletePort(t.Context(), p.ID) },
	} {
		p, err := s.CreatePort(t.Context(), vif.PortSpec{Network: s.net.ID, Project: "mine", AdminUp: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := lose(p); err != nil {
			t.Fatal(err)
		}
		for _, f := range p.FixedIPs {
			_, err := s.CreatePort(t.Context(), vif.PortSpec{Network: s.net.ID, Project: "theirs", FixedIPs: []vif.AddressClaim{{Address: f.Address}}})
			check(t, what, err, vif.InUse, "given back a moment ago")
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ cidr, first, last string }{
		{"10.0.0.0/8", "10.0.0.1", "10.255.255.254"},
		{"10.1.2.128/25", "10.1.2.129", "10.1.2.254"},
		{"192.0.2.252/30", "192.0.2.253", "192.0.2.254"},
		{"192.0.2.254/31", "192.0.2.254", "192.0.2.255"},
		{"192.0.2.1/32", "192.0.2.1", "192.0.2.1"},
		{"2001:db8::/61", "2001:db8::1", "2001:db8:0:7:ffff:ffff:ffff:ffff"},
		{"2001:db8::/126", "2001:db8::1", "2001:db8::3"},
	} {
		got := usable(netip.MustParsePrefix(tt.cidr))
		if want := (vif.Pool{Start: netip.MustParseAddr(tt.first), End: netip.MustParseAddr(tt.last)}); got != want {
			t.Errorf("usable(%s) = %v, want %v", tt.cidr, got, want)
		}
	}
}
