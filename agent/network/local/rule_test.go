package local

import (
	"net/netip"
	"strings"
	"testing"

	"vifd/vif"
)

// What no packet can be is refused as Neutron refuses it, and what one can be is
// taken.
func TestRules(t *testing.T) {
	s := newSite(t, Defaults{})
	g, err := s.CreateSecurityGroup(t.Context(), vif.SecurityGroup{Name: "web"})
	if err != nil || len(g.Rules) != 2 {
		t.Fatalf("%+v, %v", g, err)
	}
	for _, tt := range []struct {
		name   string
		change func(*vif.SecurityRule)
		kind   vif.Kind
		text   string
	}{
		{"no direction", func(r *vif.SecurityRule) { r.Direction = "" }, vif.Invalid, "Invalid input for direction."},
		{"version 5", func(r *vif.SecurityRule) { r.Version = 5 }, vif.Invalid, "Security group rule for ethertype '5' not supported."},
		{"no protocol of that name", func(r *vif.SecurityRule) { r.Protocol = "tpc" }, vif.Invalid, "Security group rule protocol tpc not supported. Only protocol values [ah, dccp,"},
		{"no protocol of that number", func(r *vif.SecurityRule) { r.Protocol = "256" }, vif.Invalid, "Security group rule protocol 256 not supported."},
		{"what IPv4 has not", func(r *vif.SecurityRule) { r.Protocol = "ipv6-icmp" }, vif.Invalid, "Invalid ethertype IPv4 for protocol ipv6-icmp."},
		{"ports of no protocol", func(r *vif.SecurityRule) { r.Protocol, r.First, r.Last = "", new(1), new(2) }, vif.Invalid, "Must also specify protocol if port range is given."},
		{"ports of one without", func(r *vif.SecurityRule) { r.Protocol, r.First = "gre", new(1) }, vif.Invalid, "Invalid protocol gre for port range,"},
		{"ports that the switch cannot tell apart", func(r *vif.SecurityRule) { r.Protocol, r.First, r.Last = "dccp", new(1), new(2) }, vif.Invalid, "Invalid protocol dccp for port range,"},
		{"an option of IPv6", func(r *vif.SecurityRule) { r.Protocol = "0" }, vif.Invalid, "Security group rule protocol 0 is"},
		{"backwards", func(r *vif.SecurityRule) { r.First, r.Last = new(2), new(1) }, vif.Invalid, "For TCP/UDP protocols, port_range_min must be <= port_range_max"},
		{"half a range", func(r *vif.SecurityRule) { r.First = new(2) }, vif.Invalid, "For TCP/UDP protocols,"},
		{"port 0", func(r *vif.SecurityRule) { r.First, r.Last = new(0), new(1) }, vif.Invalid, "Invalid value for port 0"},
		{"port 65536", func(r *vif.SecurityRule) { r.First, r.Last = new(1), new(65536) }, vif.Invalid, "Invalid value for port 65536"},
		{"type 256", func(r *vif.SecurityRule) { r.Protocol, r.First = "icmp", new(256) }, vif.Invalid, "Invalid value for ICMP type (port_range_min) 256. It must be 0 to 255."},
		{"code -1", func(r *vif.SecurityRule) { r.Protocol, r.First, r.Last = "1", new(8), new(-1) }, vif.Invalid, "Invalid value for ICMP code (port_range_max) -1."},
		{"a code of no type", func(r *vif.SecurityRule) { r.Protocol, r.Last = "icmp", new(0) }, vif.Invalid, "ICMP code (port-range-max) 0 is provided but ICMP type (port-range-min) is missing."},
		{"both remotes", func(r *vif.SecurityRule) { r.RemoteGroup = g.ID }, vif.Invalid, "Only remote_ip_prefix or remote_group_id may be provided."},
		{"another version", func(r *vif.SecurityRule) { r.Version = 6 }, vif.Invalid, "Conflicting value ethertype IPv6 for CIDR 10.0.0.0/8"},
		{"an unknown group", func(r *vif.SecurityRule) { r.RemotePrefix, r.RemoteGroup = netip.Prefix{}, nobody }, vif.NotFound, "Security group " + nobody + " does not exist"},
		{"a long description", func(r *vif.SecurityRule) { r.Description = strings.Repeat("x", 256) }, vif.Invalid, "A name has at most"},
		{"all right", func(*vif.SecurityRule) {}, "", ""},
		{"twice", func(r *vif.SecurityRule) { r.Protocol = "6" }, vif.InUse, "Security group rule already exists. Rule id is "},
		{"ICMPv6", func(r *vif.SecurityRule) {
			r.Version, r.Protocol, r.First, r.RemotePrefix = 6, "icmp", new(128), netip.Prefix{}
		}, "", ""},
		{"the same ICMPv6", func(r *vif.SecurityRule) {
			r.Version, r.Protocol, r.First, r.RemotePrefix = 6, "58", new(128), netip.Prefix{}
		}, vif.InUse, "Security group rule already exists."},
	} {
		r := vif.SecurityRule{Direction: vif.Ingress, Version: 4, Protocol: "tcp", RemotePrefix: netip.MustParsePrefix("10.0.0.0/8")}
		tt.change(&r)
		_, err := s.AddSecurityRule(t.Context(), g.ID, r)
		if (err == nil) != (tt.kind == "") || err != nil && vif.KindOf(err) != tt.kind || !strings.HasPrefix(vif.Shown(err), tt.text) {
			t.Errorf("%s: %v, want %q %s", tt.name, err, tt.kind, tt.text)
		}
	}
	if now, err := s.SecurityGroup(t.Context(), g.ID); err != nil || len(now.Rules) != 4 || !now.Updated.After(g.Updated) {
		t.Errorf("%+v, %v", now, err)
	}
}

// A port keeps what its groups need, and a group stays while a port has it.
func TestWhatGroupsNeed(t *testing.T) {
	s := newSite(t, Defaults{})
	g, err := s.CreateSecurityGroup(t.Context(), vif.SecurityGroup{Name: "web"})
	if err != nil {
		t.Fatal(err)
	}
	spec := vif.PortSpec{Network: s.net.ID, AdminUp: true, Groups: []string{g.ID}}
	for name, change := range map[string]func(*vif.PortSpec){
		"no port security": func(p *vif.PortSpec) { p.Secure = new(false) },
		"no address":       func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{} },
	} {
		bad := spec
		change(&bad)
		if _, err := s.CreatePort(t.Context(), bad); vif.KindOf(err) != vif.Invalid || !strings.HasPrefix(vif.Shown(err), "Port security must be enabled") {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := s.CreatePort(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*vif.Port){
		"lift port security": func(p *vif.Port) { p.Secure = false },
		"take its addresses": func(p *vif.Port) { p.FixedIPs = nil },
	} {
		bad := p
		change(&bad)
		if _, err := s.UpdatePort(t.Context(), bad); vif.KindOf(err) != vif.InUse || !strings.HasPrefix(vif.Shown(err), "Port has security group associated.") {
			t.Errorf("%s: %v", name, err)
		}
		bad.Groups = nil
		if _, err := s.UpdatePort(t.Context(), bad); err != nil {
			t.Errorf("%s, with its groups: %v", name, err)
		}
		if _, err := s.UpdatePort(t.Context(), p); err != nil {
			t.Errorf("back from %s: %v", name, err)
		}
	}
	if err := s.DeleteSecurityGroup(t.Context(), g.ID); vif.KindOf(err) != vif.InUse {
		t.Errorf("a group of a port: %v", err)
	}
	if err := s.DeletePort(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteSecurityGroup(t.Context(), g.ID); err != nil {
		t.Error(err)
	}
}
