package local

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vifd/vif"
)

func at(text string) vif.AddressClaim { return vif.AddressClaim{Address: netip.MustParseAddr(text)} }

func addresses(p vif.Port) (found []string) {
	for _, f := range p.FixedIPs {
		found = append(found, f.Address.String())
	}
	return found
}

func TestCreatePort(t *testing.T) {
	t.Parallel()
	open := false
	for _, tt := range []struct {
		what   string
		change func(s *site, p *vif.PortSpec)
		want   []string
	}{
		{"nothing said", func(*site, *vif.PortSpec) {}, []string{"10.20.0.2", "fd00:20::2"}},
		{"no addresses", func(_ *site, p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{} }, nil},
		{"any", func(_ *site, p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{}} }, []string{"10.20.0.2"}},
		{"IPv6, then IPv4", func(_ *site, p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{Version: 6}, {Version: 4}} }, []string{"fd00:20::2", "10.20.0.2"}},
		{"two of one", func(_ *site, p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{Version: 4}, {Version: 4}} }, []string{"10.20.0.2", "10.20.0.3"}},
		{"one after the same named", func(_ *site, p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{Version: 4}, at("10.20.0.2")} }, []string{"10.20.0.3", "10.20.0.2"}},
		{"of a subnet", func(s *site, p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{Subnet: s.six.ID}} }, []string{"fd00:20::2"}},
		{"of a subnet and version", func(s *site, p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{Subnet: s.six.ID, Version: 6}} }, []string{"fd00:20::2"}},
		{"IPv4 in IPv6", func(_ *site, p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("::ffff:10.20.0.5")} }, []string{"10.20.0.5"}},
		{"named with its subnet", func(s *site, p *vif.PortSpec) {
			p.FixedIPs = []vif.AddressClaim{{Subnet: s.six.ID, Address: netip.MustParseAddr("fd00:20::ff")}}
		}, []string{"fd00:20::ff"}},
		{"no port security", func(_ *site, p *vif.PortSpec) { p.Secure = &open }, []string{"10.20.0.2", "fd00:20::2"}},
		{"a MAC in capitals", func(_ *site, p *vif.PortSpec) { p.MAC = "52-54-00-AB-CD-EF" }, []string{"10.20.0.2", "fd00:20::2"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Defaults{})
			spec := vif.PortSpec{Name: "eth", Project: "mine", Network: s.net.ID, AdminUp: true, Device: "d", DeviceOwner: "o"}
			tt.change(s, &spec)
			p, err := s.CreatePort(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(addresses(p), tt.want) {
				t.Errorf("addresses = %v, want %v", p.FixedIPs, tt.want)
			}
			mac := "52:54:00:ab:cd:ef"
			if spec.MAC == "" {
				mac = p.MAC
			}
			want := vif.Port{
				ID: p.ID, Name: "eth", Project: "mine", Network: s.net.ID, MAC: mac, FixedIPs: p.FixedIPs, MTU: 1500, Segment: s.net.Segment,
				Secure: spec.Secure == nil, AdminUp: true, Device: "d", DeviceOwner: "o", Created: p.Created, Updated: p.Created,
			}
			if !reflect.DeepEqual(p, want) || !strings.HasPrefix(mac, "fa:16:3e:") && spec.MAC == "" {
				t.Errorf("port = %+v, want %+v", p, want)
			}
		})
	}
}

// A refused port is what is wrong with one, and what is said of it.
type refused struct {
	what   string
	change func(p *vif.PortSpec)
	kind   vif.Kind
	says   string
}

// checkRefused wants each refused, and nothing left of it.
func (s *site) checkRefused(t *testing.T, cases []refused) {
	t.Helper()
	before, err := s.Ports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range cases {
		spec := vif.PortSpec{Network: s.net.ID}
		tt.change(&spec)
		_, err := s.CreatePort(t.Context(), spec)
		check(t, tt.what, err, tt.kind, tt.says)
	}
	if all, err := s.Ports(t.Context()); err != nil || !reflect.DeepEqual(all, before) {
		t.Errorf("ports = %v, %v, want those of before: %v", all, err, before)
	}
}

func TestPortRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t, Defaults{})
	s.port(t, vif.PortSpec{Network: s.net.ID, MAC: "52:54:00:00:00:01"})
	s.checkRefused(t, []refused{
		{"unknown network", func(p *vif.PortSpec) { p.Network = nobody }, vif.NotFound, "Network " + nobody + " could not be found."},
		{"no MAC", func(p *vif.PortSpec) { p.MAC = "52:54" }, vif.Invalid, "'52:54' is not a MAC address."},
		{"a MAC of 8 bytes", func(p *vif.PortSpec) { p.MAC = "02:00:5e:10:00:00:00:01" }, vif.Invalid, "is not a MAC"},
		{"the zero MAC", func(p *vif.PortSpec) { p.MAC = "00:00:00:00:00:00" }, vif.Invalid, "of no interface"},
		{"a multicast MAC", func(p *vif.PortSpec) { p.MAC = "33:33:00:00:00:01" }, vif.Invalid, "multicast"},
		{"broadcast", func(p *vif.PortSpec) { p.MAC = "ff:ff:ff:ff:ff:ff" }, vif.Invalid, "multicast"},
		{"a tap's MAC", func(p *vif.PortSpec) { p.MAC = "fe:16:3e:00:00:01" }, vif.Invalid, "begin with fe"},
		{"a MAC in use", func(p *vif.PortSpec) { p.MAC = "52:54:00:00:00:01" }, vif.InUse, "MAC address 52:54:00:00:00:01 is already in use"},
		{"a name too long", func(p *vif.PortSpec) { p.Name = strings.Repeat("x", 256) }, vif.Invalid, "at most 255"},
	})
}

func TestAddressRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t, Defaults{})
	taken := s.port(t, vif.PortSpec{Network: s.net.ID})
	bare, err := s.CreateNetwork(t.Context(), vif.Network{})
	if err != nil {
		t.Fatal(err)
	}
	invalid := func(ip string) string {
		return "Fixed IP " + ip + " is not a valid ip address for network " + s.net.ID + "."
	}
	s.checkRefused(t, []refused{
		{"outside", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("10.20.0.8")} }, vif.Invalid, invalid("10.20.0.8")},
		{"the network's", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("10.20.0.0")} }, vif.Invalid, invalid("10.20.0.0")},
		{"the broadcast", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("10.20.0.7")} }, vif.Invalid, invalid("10.20.0.7") + " It is the broadcast address."},
		{"the gateway's", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("10.20.0.1")} }, vif.Invalid, invalid("10.20.0.1") + " It is the gateway's."},
		{"the IPv6 routers'", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("fd00:20::")} }, vif.Invalid, invalid("fd00:20::")},
		{"multicast", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("224.0.0.5")} }, vif.Invalid, invalid("224.0.0.5")},
		{"with a zone", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("fd00:20::5%eth0")} }, vif.Invalid, "is not a valid ip address"},
		{"in use", func(p *vif.PortSpec) {
			p.FixedIPs = []vif.AddressClaim{{Address: taken.FixedIPs[0].Address}}
		}, vif.InUse, "Fixed IP 10.20.0.2 is already in use."},
		{"twice", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{at("10.20.0.5"), at("10.20.0.5")} }, vif.Invalid, "asked for twice"},
		{"of no version", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{Version: 5}} }, vif.Invalid, "5 is not an IP version"},
		{"of another subnet", func(p *vif.PortSpec) {
			p.FixedIPs = []vif.AddressClaim{{Subnet: s.six.ID, Address: netip.MustParseAddr("10.20.0.5")}}
		}, vif.Invalid, invalid("10.20.0.5")},
		{"unknown subnet", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{Subnet: nobody}} }, vif.Invalid, "fixed_ips included invalid subnet " + nobody},
		{"IPv4 of an IPv6 subnet", func(p *vif.PortSpec) { p.FixedIPs = []vif.AddressClaim{{Subnet: s.six.ID, Version: 4}} }, vif.Invalid, "has no IPv4 addresses"},
		{"six addresses", func(p *vif.PortSpec) { p.FixedIPs = make([]vif.AddressClaim, 6) }, vif.Invalid, "maximum amount of fixed ips per port"},
		{"an address without subnets", func(p *vif.PortSpec) { p.Network, p.FixedIPs = bare.ID, []vif.AddressClaim{{}} }, vif.Invalid, "has no subnet"},
		{"IPv6 without subnets", func(p *vif.PortSpec) { p.Network, p.FixedIPs = bare.ID, []vif.AddressClaim{{Version: 6}} }, vif.Invalid, "has no IPv6 subnet"},
		{"a named one without subnets", func(p *vif.PortSpec) { p.Network, p.FixedIPs = bare.ID, []vif.AddressClaim{at("10.0.0.1")} }, vif.Invalid, "Fixed IP 10.0.0.1 is not a valid ip address"},
		{"more than are left", func(p *vif.PortSpec) { p.FixedIPs = slices.Repeat([]vif.AddressClaim{{Version: 4}}, 5) }, vif.Exhausted, "No fixed IP addresses available for network: " + s.net.ID},
	})
	if p, err := s.CreatePort(t.Context(), vif.PortSpec{Network: bare.ID}); err != nil || p.FixedIPs != nil {
		t.Errorf("a port without subnets: %+v, %v", p, err)
	}
}

func TestUpdatePort(t *testing.T) {
	t.Parallel()
	s := newSite(t, Defaults{Quarantine: DefaultQuarantine})
	p, err := s.CreatePort(t.Context(), vif.PortSpec{Network: s.net.ID, Project: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	want := p
	want.Name, want.AdminUp, want.Secure, want.MAC, want.Device, want.DeviceOwner = "eth", true, false, "52:54:00:00:00:09", "mine", "me"
	want.FixedIPs = []vif.FixedIP{p.FixedIPs[1], {Subnet: s.four.ID}}
	asked := want
	asked.MAC, asked.Claim, asked.Host, asked.Ephemeral, asked.MTU = "52:54:00:00:00:09", 99, "elsewhere", true, 9000
	got, err := s.UpdatePort(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	want.Updated, want.FixedIPs[1].Address = got.Updated, netip.MustParseAddr("10.20.0.3") // 10.20.0.2 was its own until now
	if !reflect.DeepEqual(got, want) {
		t.Errorf("port = %+v, want %+v", got, want)
	}
	if now, err := s.Port(t.Context(), p.ID); err != nil || !reflect.DeepEqual(now, want) {
		t.Errorf("port is %+v, %v, want %+v", now, err, want)
	}
	_, err = s.Claim(t.Context(), vif.Request{Server: "vm", Port: p.ID, Caller: vif.Caller{Admin: true}})
	check(t, "claim of a port with a device", err, vif.InUse, "Port "+p.ID+" is still in use.")
	got.Device, got.DeviceOwner = "", ""
	if _, err := s.UpdatePort(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	held, err := s.Claim(t.Context(), vif.Request{Server: "vm", Port: p.ID, Caller: vif.Caller{Admin: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what   string
		change func(p *vif.Port)
		kind   vif.Kind
		says   string
	}{
		{"unknown", func(p *vif.Port) { p.ID = nobody }, vif.NotFound, "Port id " + nobody + " could not be found."},
		{"network", func(p *vif.Port) { p.Network = nobody }, vif.Invalid, "network of a port cannot be changed"},
		{"MAC", func(p *vif.Port) { p.MAC = "52:54:00:00:00:0a" }, vif.InUse, "The MAC address of port"},
		{"a bad MAC", func(p *vif.Port) { p.MAC = "" }, vif.Invalid, "not a MAC"},
		{"device", func(p *vif.Port) { p.Device = "" }, vif.InUse, "The device of port"},
		{"addresses", func(p *vif.Port) { p.FixedIPs = nil }, vif.InUse, "The fixed IPs of port"},
		{"state", func(p *vif.Port) { p.AdminUp = !p.AdminUp }, vif.InUse, "The admin_state_up of port"},
		{"filter", func(p *vif.Port) { p.Secure = !p.Secure }, vif.InUse, "The port_security_enabled of port"},
	} {
		change := held
		tt.change(&change)
		_, err := s.UpdatePort(t.Context(), change)
		check(t, tt.what, err, tt.kind, tt.says)
	}
	held.Name = "bound"
	if now, err := s.UpdatePort(t.Context(), held); err != nil || now.Name != "bound" || now.Claim != held.Claim {
		t.Errorf("port = %+v, %v", now, err)
	}
	check(t, "delete", s.DeletePort(t.Context(), p.ID), vif.InUse, "Port "+p.ID+" is still in use. Detach it from instance vm first.")
	check(t, "delete unknown", s.DeletePort(t.Context(), nobody), vif.NotFound, "Port id "+nobody+" could not be found.")
}
