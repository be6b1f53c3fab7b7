package local

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"vifd/vif"
)

func subnetOf(network, cidr string) vif.Subnet {
	return vif.Subnet{Network: network, CIDR: netip.MustParsePrefix(cidr)}
}

// pools reads "first-last first-last".
func pools(text string) []vif.Pool {
	found := []vif.Pool{}
	for one := range strings.FieldsSeq(text) {
		first, last, _ := strings.Cut(one, "-")
		found = append(found, vif.Pool{Start: netip.MustParseAddr(first), End: netip.MustParseAddr(last)})
	}
	return found
}

func TestSubnetDefaults(t *testing.T) {
	t.Parallel()
	l := New(openStore(t), "h1", Defaults{})
	for i, tt := range []struct {
		cidr, gateway string // "none" asks for none
		wantGateway   string
		wantPools     string
	}{
		{"10.0.0.0/24", "", "10.0.0.1", "10.0.0.2-10.0.0.254"},
		{"10.0.0.0/24", "10.0.0.254", "10.0.0.254", "10.0.0.1-10.0.0.253"},
		{"10.0.0.0/24", "10.0.0.9", "10.0.0.9", "10.0.0.1-10.0.0.8 10.0.0.10-10.0.0.254"},
		{"10.0.0.0/24", "none", "none", "10.0.0.1-10.0.0.254"},
		{"10.0.0.4/30", "", "10.0.0.5", "10.0.0.6-10.0.0.6"},
		{"10.0.0.4/31", "", "10.0.0.4", "10.0.0.5-10.0.0.5"},
		{"10.0.0.4/32", "", "none", "10.0.0.4-10.0.0.4"},
		{"172.16.0.0/12", "", "172.16.0.1", "172.16.0.2-172.31.255.254"},
		{"fd00:20::/64", "", "fd00:20::1", "fd00:20::2-fd00:20::ffff:ffff:ffff:ffff"},
		{"fd00:20::/64", "fe80::1", "fe80::1", "fd00:20::1-fd00:20::ffff:ffff:ffff:ffff"},
		{"fd00:20::/127", "", "fd00:20::", "fd00:20::1-fd00:20::1"},
		{"fd00:20::7/128", "", "none", "fd00:20::7-fd00:20::7"},
	} {
		n, err := l.CreateNetwork(t.Context(), vif.Network{Segment: vif.Segment{VLAN: i + 1}})
		if err != nil {
			t.Fatal(err)
		}
		s := subnetOf(n.ID, tt.cidr)
		s.NoGateway = tt.gateway == "none"
		if tt.gateway != "" && !s.NoGateway {
			s.Gateway = netip.MustParseAddr(tt.gateway)
		}
		s, err = l.CreateSubnet(t.Context(), s)
		if err != nil {
			t.Errorf("%s: %v", tt.cidr, err)
			continue
		}
		gateway := "none"
		if !s.NoGateway {
			gateway = s.Gateway.String()
		}
		if gateway != tt.wantGateway || !reflect.DeepEqual(s.Pools, pools(tt.wantPools)) {
			t.Errorf("%s with gateway %q: %s and %v, want %s and %s", tt.cidr, tt.gateway, gateway, s.Pools, tt.wantGateway, tt.wantPools)
		}
		if got, err := l.Subnet(t.Context(), s.ID); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("subnet is %+v, %v; create said %+v", got, err, s)
		}
	}
}

func TestSubnetRefusals(t *testing.T) {
	t.Parallel()
	site := newSite(t, Defaults{})
	small, err := site.CreateNetwork(t.Context(), vif.Network{MTU: 1279})
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddr
	for _, tt := range []struct {
		what   string
		cidr   string
		change func(s *vif.Subnet)
		kind   vif.Kind
		says   string
	}{
		{"no CIDR", "10.0.0.0/24", func(s *vif.Subnet) { s.CIDR = netip.Prefix{} }, vif.Invalid, "missing or not valid"},
		{"host bits", "10.0.0.1/24", nil, vif.Invalid, "Did you mean 10.0.0.0/24?"},
		{"everything", "0.0.0.0/0", nil, vif.Invalid, "cannot be a subnet"},
		{"loopback", "127.1.0.0/16", nil, vif.Invalid, "loopback"},
		{"link-local", "169.254.0.0/24", nil, vif.Invalid, "link-local"},
		{"multicast", "239.0.0.0/24", nil, vif.Invalid, "multicast"},
		{"IPv6 link-local", "fe80::/64", nil, vif.Invalid, "link-local"},
		{"IPv6 multicast", "ff02::/64", nil, vif.Invalid, "multicast"},
		{"IPv4 in IPv6", "::ffff:10.0.0.0/120", nil, vif.Invalid, "IPv4-mapped"},
		{"unknown network", "10.0.0.0/24", func(s *vif.Subnet) { s.Network = nobody }, vif.NotFound, "Network " + nobody},
		{"IPv6 and a small MTU", "fd00::/64", func(s *vif.Subnet) { s.Network = small.ID }, vif.Invalid, "too small for IPv6"},
		{"the same again", "10.20.0.0/29", nil, vif.Invalid, "overlaps with another subnet: 10.20.0.0/29"},
		{"around another", "10.20.0.0/16", nil, vif.Invalid, "overlaps"},
		{"inside another", "fd00:20::/80", nil, vif.Invalid, "overlaps"},
		{"an ID that is taken", "10.0.0.0/24", func(s *vif.Subnet) { s.ID = site.four.ID }, vif.InUse, ""},
		{"gateway and none", "10.0.0.0/24", func(s *vif.Subnet) { s.Gateway, s.NoGateway = addr("10.0.0.1"), true }, vif.Invalid, "no gateway"},
		{"gateway outside", "10.0.0.0/24", func(s *vif.Subnet) { s.Gateway = addr("10.0.1.1") }, vif.Invalid, "Gateway is not valid on subnet"},
		{"gateway the network", "10.0.0.0/24", func(s *vif.Subnet) { s.Gateway = addr("10.0.0.0") }, vif.Invalid, "Gateway is not valid on subnet"},
		{"gateway the broadcast", "10.0.0.0/24", func(s *vif.Subnet) { s.Gateway = addr("10.0.0.255") }, vif.Invalid, "Gateway is not valid on subnet"},
		{"gateway of IPv6", "10.0.0.0/24", func(s *vif.Subnet) { s.Gateway = addr("fe80::1") }, vif.Invalid, "Gateway is not valid on subnet"},
		{"gateway with a zone", "fd00::/64", func(s *vif.Subnet) { s.Gateway = addr("fe80::1%eth0") }, vif.Invalid, "Gateway is not valid on subnet"},
		{"pool outside", "10.0.0.0/24", func(s *vif.Subnet) { s.Pools = pools("10.0.0.9-10.0.1.9") }, vif.Invalid, "spans beyond the subnet cidr"},
		{"pool with the broadcast", "10.0.0.0/24", func(s *vif.Subnet) { s.Pools = pools("10.0.0.9-10.0.0.255") }, vif.Invalid, "spans beyond the subnet cidr"},
		{"pool backwards", "10.0.0.0/24", func(s *vif.Subnet) { s.Pools = pools("10.0.0.9-10.0.0.8") }, vif.Invalid, "10.0.0.9-10.0.0.8 is not valid"},
		{"pool of IPv6", "10.0.0.0/24", func(s *vif.Subnet) { s.Pools = pools("fd00::1-fd00::2") }, vif.Invalid, "spans beyond"},
		{"pool of nothing", "10.0.0.0/24", func(s *vif.Subnet) { s.Pools = []vif.Pool{{}} }, vif.Invalid, "not valid"},
		{"pools overlap", "10.0.0.0/24", func(s *vif.Subnet) { s.Pools = pools("10.0.0.2-10.0.0.9 10.0.0.9-10.0.0.10") }, vif.Invalid, "overlapping allocation pools"},
		{"gateway in the pool", "10.0.0.0/24", func(s *vif.Subnet) { s.Pools = pools("10.0.0.1-10.0.0.9") }, vif.Invalid, "Gateway ip 10.0.0.1 conflicts with allocation pool"},
		{"multicast DNS", "10.0.0.0/24", func(s *vif.Subnet) { s.DNS = []netip.Addr{addr("224.0.0.1")} }, vif.Invalid, "name server"},
		{"six DNS", "10.0.0.0/24", func(s *vif.Subnet) { s.DNS = make([]netip.Addr, 6) }, vif.Invalid, "exceeds the limit 5"},
		{"a name too long", "10.0.0.0/24", func(s *vif.Subnet) { s.Name = strings.Repeat("x", 256) }, vif.Invalid, "at most 255"},
	} {
		s := subnetOf(site.net.ID, tt.cidr)
		if tt.change != nil {
			tt.change(&s)
		}
		_, err := site.CreateSubnet(t.Context(), s)
		check(t, tt.what, err, tt.kind, tt.says)
	}
	if all, err := site.Subnets(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("subnets = %v, %v, want the two of before", all, err)
	}
}

func TestUpdateSubnet(t *testing.T) {
	t.Parallel()
	site := newSite(t, Defaults{})
	p, err := site.CreatePort(t.Context(), vif.PortSpec{Network: site.net.ID, FixedIPs: []vif.AddressClaim{{Version: 4}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what   string
		change func(s *vif.Subnet)
		kind   vif.Kind
		says   string
	}{
		{"CIDR", func(s *vif.Subnet) { s.CIDR = netip.MustParsePrefix("10.20.0.0/28") }, vif.Invalid, "cannot be changed"},
		{"network", func(s *vif.Subnet) { s.Network = nobody }, vif.Invalid, "cannot be changed"},
		{"unknown", func(s *vif.Subnet) { s.ID = nobody }, vif.NotFound, "Subnet " + nobody},
		{"gateway in the pool", func(s *vif.Subnet) { s.Gateway = netip.MustParseAddr("10.20.0.6") }, vif.Invalid, "conflicts"},
		{"a port's gateway", func(s *vif.Subnet) { s.Gateway, s.Pools = p.FixedIPs[0].Address, pools("10.20.0.5-10.20.0.6") }, vif.InUse,
			fmt.Sprintf("Current gateway ip %s already in use by port %s.", p.FixedIPs[0].Address, p.ID)},
	} {
		s := site.four
		tt.change(&s)
		_, err := site.UpdateSubnet(t.Context(), s)
		check(t, tt.what, err, tt.kind, tt.says)
	}
	s := site.four
	s.Name, s.Gateway, s.Pools, s.DHCP, s.DNS = "four", netip.Addr{}, pools("10.20.0.5-10.20.0.6"), true, []netip.Addr{netip.MustParseAddr("9.9.9.9")}
	got, err := site.UpdateSubnet(t.Context(), s)
	s.NoGateway, s.Updated = true, got.Updated
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("subnet = %+v, %v, want %+v", got, err, s)
	}
	if now, err := site.Subnet(t.Context(), s.ID); err != nil || !reflect.DeepEqual(now, s) {
		t.Errorf("subnet is %+v, %v, want %+v", now, err, s)
	}
}
