package local

import (
	"reflect"
	"strings"
	"testing"

	"vifd/vif"
)

const nobody = "00000000-0000-4000-8000-000000000000"

// a site is an authority with a network of two subnets, 10.20.0.0/29 and
// fd00:20::/64, with their default gateways and pools.
type site struct {
	*Local
	net       vif.Network
	four, six vif.Subnet
}

func newSite(t *testing.T, d Defaults) *site {
	t.Helper()
	s := &site{Local: New(openStore(t), "h1", d)}
	var err error
	if s.net, err = s.CreateNetwork(t.Context(), vif.Network{Name: "blue", Project: "mine", Segment: vif.Segment{VLAN: 100}, AdminUp: true, Secure: true}); err != nil {
		t.Fatal(err)
	}
	if s.four, err = s.CreateSubnet(t.Context(), subnetOf(s.net.ID, "10.20.0.0/29")); err != nil {
		t.Fatal(err)
	}
	if s.six, err = s.CreateSubnet(t.Context(), subnetOf(s.net.ID, "fd00:20::/64")); err != nil {
		t.Fatal(err)
	}
	return s
}

// port makes a port.
func (s *site) port(t *testing.T, spec vif.PortSpec) vif.Port {
	t.Helper()
	p, err := s.CreatePort(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// check fails the test unless err is of the kind and shows what is said.
func check(t *testing.T, what string, err error, kind vif.Kind, says string) {
	t.Helper()
	if err == nil || vif.KindOf(err) != kind || !strings.Contains(vif.Shown(err), says) {
		t.Errorf("%s: %v, shown as %q, want kind %q and %q", what, err, vif.Shown(err), kind, says)
	}
}

func TestCreateNetwork(t *testing.T) {
	t.Parallel()
	l := New(openStore(t), "h1", Defaults{Bridge: "br-ex", MTU: 1400})
	n, err := l.CreateNetwork(t.Context(), vif.Network{Name: "n", Segment: vif.Segment{VLAN: 7}, AdminUp: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := (vif.Segment{Bridge: "br-ex", VLAN: 7}); n.Segment != want || n.MTU != 1400 || n.ID == "" || n.Created.IsZero() || n.Updated != n.Created {
		t.Errorf("network = %+v", n)
	}
	if got, err := l.Network(t.Context(), n.ID); err != nil || !reflect.DeepEqual(got, n) {
		t.Errorf("network is %+v, %v; create said %+v", got, err, n)
	}
	for _, tt := range []struct {
		what string
		net  vif.Network
		kind vif.Kind
		says string
	}{
		{"VLAN below", vif.Network{Segment: vif.Segment{VLAN: -1}}, vif.Invalid, "VLAN -1 is not valid"},
		{"VLAN above", vif.Network{Segment: vif.Segment{VLAN: 4095}}, vif.Invalid, "give 1 to 4094"},
		{"VLAN taken", vif.Network{Segment: vif.Segment{VLAN: 7}}, vif.InUse, "VLAN 7 on bridge br-ex is already in use"},
		{"MTU below", vif.Network{MTU: 67}, vif.Invalid, "MTU 67 is not valid"},
		{"MTU above", vif.Network{MTU: 65536}, vif.Invalid, "give 68 to 65535"},
		{"a bridge with a slash", vif.Network{Segment: vif.Segment{Bridge: "../br"}}, vif.Invalid, "is not the name of a bridge"},
		{"a bridge too long", vif.Network{Segment: vif.Segment{Bridge: "sixteen-chars-xx"}}, vif.Invalid, "1 to 15"},
		{"a bridge that is an option", vif.Network{Segment: vif.Segment{Bridge: "-f"}}, vif.Invalid, ""},
		{"a name too long", vif.Network{Name: strings.Repeat("ä", 256)}, vif.Invalid, "at most 255"},
		{"no UTF-8", vif.Network{Name: "\xff"}, vif.Invalid, ""},
		{"an ID that is none", vif.Network{ID: "x"}, vif.Invalid, "not a UUID"},
		{"an ID that is taken", vif.Network{ID: strings.ToUpper(n.ID)}, vif.InUse, n.ID},
	} {
		_, err := l.CreateNetwork(t.Context(), tt.net)
		check(t, tt.what, err, tt.kind, tt.says)
	}
	if _, err := l.CreateNetwork(t.Context(), vif.Network{Name: strings.Repeat("ä", 255), MTU: 68}); err != nil {
		t.Errorf("a flat network: %v", err)
	}
	_, err = l.CreateNetwork(t.Context(), vif.Network{})
	check(t, "a second flat network", err, vif.InUse, "Bridge br-ex has a flat network already.")
}

func TestUpdateNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t, Defaults{})
	set := func(what string, change func(*vif.Network)) error {
		n, err := s.Network(t.Context(), s.net.ID)
		if err != nil {
			t.Fatal(what, err)
		}
		change(&n)
		_, err = s.UpdateNetwork(t.Context(), n)
		return err
	}
	for what, change := range map[string]func(*vif.Network){
		"all":       func(n *vif.Network) { n.Name, n.MTU, n.AdminUp, n.Secure, n.Shared = "red", 1280, false, false, true },
		"no shared": func(n *vif.Network) { n.Shared = false },
		"segment":   func(n *vif.Network) { n.Segment.VLAN = 101 },
	} {
		if err := set(what, change); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	check(t, "MTU", set("MTU", func(n *vif.Network) { n.MTU = 1279 }), vif.Invalid, "too small for IPv6")
	check(t, "unknown", set("unknown", func(n *vif.Network) { n.ID = nobody }), vif.NotFound, "Network "+nobody+" could not be found.")
	if err := set("share", func(n *vif.Network) { n.Shared = true }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreatePort(t.Context(), vif.PortSpec{Network: s.net.ID, Project: "guest"}); err != nil {
		t.Fatal(err)
	}
	check(t, "unshare", set("unshare", func(n *vif.Network) { n.Shared = false }), vif.InUse, "Multiple tenants")
	check(t, "move", set("move", func(n *vif.Network) { n.Segment.VLAN = 9 }), vif.InUse, "while it has ports")
}

func TestDeleteNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t, Defaults{})
	p, err := s.CreatePort(t.Context(), vif.PortSpec{Network: s.net.ID})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "with a port", s.DeleteNetwork(t.Context(), s.net.ID), vif.InUse, "Unable to complete operation on network "+s.net.ID+
		". There are one or more ports still in use on the network.")
	check(t, "subnet with a port", s.DeleteSubnet(t.Context(), s.four.ID), vif.InUse, "One or more ports have an IP allocation from this subnet.")
	if err := s.DeletePort(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteSubnet(t.Context(), s.six.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteNetwork(t.Context(), s.net.ID); err != nil {
		t.Fatal(err)
	}
	check(t, "again", s.DeleteNetwork(t.Context(), s.net.ID), vif.NotFound, "Network "+s.net.ID)
	check(t, "its subnet", s.DeleteSubnet(t.Context(), s.four.ID), vif.NotFound, "Subnet "+s.four.ID+" could not be found.")
}
