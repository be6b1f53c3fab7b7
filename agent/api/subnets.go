package api

import (
	"net/netip"
	"slices"

	"vifd/vif"
)

// The Networking API's subnets.

var (
	poolItem = &schema{kind: "object", required: []string{"start", "end"}, rule: poolRule, properties: []property{
		{name: "start", schema: addrText}, {name: "end", schema: addrText},
	}}

	subnetChanged = &schema{kind: "object", properties: []property{
		{name: "name", schema: anyString},
		{name: "gateway_ip", schema: &schema{kind: "string", format: "ip", null: true}},
		{name: "allocation_pools", schema: &schema{kind: "array", minItems: 1, maxItems: 64, items: poolItem}},
		{name: "dns_nameservers", schema: &schema{kind: "array", maxItems: 16, items: addrText}},
		{name: "enable_dhcp", schema: anyBool},
	}}

	subnetCreated = &schema{
		kind: "object", required: []string{"network_id", "cidr"}, rule: versionRule,
		properties: append(slices.Clone(subnetChanged.properties),
			property{name: "network_id", schema: uuidText},
			property{name: "ip_version", schema: ipVersion},
			property{name: "cidr", schema: &schema{kind: "string", format: "cidr"}},
			property{name: "project_id", schema: nullText, admin: true},
			property{name: "tenant_id", schema: nullText, admin: true}),
	}
)

func poolRule(v any) string {
	o := v.(object)
	start, end := address(o, "start"), address(o, "end")
	if start.BitLen() != end.BitLen() || end.Less(start) {
		return repr(v) + " does not go from its start to its end"
	}
	return ""
}

// versionRule says that the version of a subnet is that of its CIDR.
func versionRule(v any) string {
	o := v.(object)
	version := whole(o, "ip_version", 0)
	p, _ := netip.ParsePrefix(text(o, "cidr", ""))
	if version != 0 && (version == 4) != p.Addr().Is4() {
		return "'cidr' is not of the 'ip_version'"
	}
	return ""
}

func (a *API) subnets() *collection[vif.Subnet] {
	return &collection[vif.Subnet]{
		one: "subnet", many: "subnets", title: "Subnet",
		list: a.Networking.Subnets, get: a.Networking.Subnet, delete: a.Networking.DeleteSubnet,
		make: a.makeSubnet, change: a.changeSubnet, visible: a.subnetVisible,
		viewer:  func(*call) (func(vif.Subnet) object, error) { return subnetView, nil },
		owner:   func(s vif.Subnet) string { return s.Project },
		created: subnetCreated, changed: subnetChanged,
	}
}

// subnetVisible lets callers see their own subnets and those of shared networks.
func (a *API) subnetVisible(c *call) (func(vif.Subnet) bool, error) {
	networks, err := a.Networking.Networks(c.Context())
	if err != nil {
		return nil, err
	}
	shared := map[string]bool{}
	for _, n := range networks {
		shared[n.ID] = n.Shared
	}
	return func(s vif.Subnet) bool { return shared[s.Network] || c.who.sees(s.Project) }, nil
}

func (a *API) makeSubnet(c *call, body object) (vif.Subnet, error) {
	n, err := a.ownNetwork(c, text(body, "network_id", ""))
	if err != nil {
		return vif.Subnet{}, err
	}
	s := vif.Subnet{Network: n.ID, DHCP: true, Project: orElse(projectOf(c, body), n.Project)}
	s.CIDR, _ = netip.ParsePrefix(text(body, "cidr", ""))
	return a.Networking.CreateSubnet(c.Context(), withSubnetBody(s, body))
}

// ownNetwork returns a network that the caller may put subnets on.
func (a *API) ownNetwork(c *call, id string) (vif.Network, error) {
	id = canonical(id)
	n, err := a.Networking.Network(c.Context(), id)
	switch {
	case err != nil:
		return n, about("Network", id, err)
	case !n.Shared && !c.who.sees(n.Project):
		return n, about("Network", id, vif.NotFound)
	case !c.who.May(n.Project):
		return n, disallowed(c.route.policy(), "network "+id+" belongs to another project")
	}
	return n, nil
}

func (a *API) changeSubnet(c *call, old vif.Subnet, body object) (vif.Subnet, error) {
	return a.Networking.UpdateSubnet(c.Context(), withSubnetBody(old, body))
}

// withSubnetBody returns s with what both creation and update may say.
func withSubnetBody(s vif.Subnet, body object) vif.Subnet {
	s.Name = text(body, "name", s.Name)
	s.DHCP = flag(body, "enable_dhcp", s.DHCP)
	if v, there := body.get("gateway_ip"); there {
		s.Gateway, s.NoGateway = address(body, "gateway_ip"), v == nil
	}
	if pools := parts(body, "allocation_pools"); pools != nil {
		s.Pools = nil
		for _, o := range pools {
			s.Pools = append(s.Pools, vif.Pool{Start: address(o, "start"), End: address(o, "end")})
		}
	}
	if servers := texts(body, "dns_nameservers"); servers != nil {
		s.DNS = nil
		for _, text := range servers {
			a, _ := parseAddr(text)
			s.DNS = append(s.DNS, a)
		}
	}
	return s
}

func subnetView(s vif.Subnet) object {
	gateway := any(nil)
	if s.Gateway.IsValid() {
		gateway = s.Gateway
	}
	pools := []object{}
	for _, p := range s.Pools {
		pools = append(pools, object{{"start", p.Start}, {"end", p.End}})
	}
	return object{
		{"id", s.ID}, {"name", s.Name}, {"tenant_id", s.Project}, {"project_id", s.Project},
		{"network_id", s.Network}, {"ip_version", s.Version()}, {"cidr", s.CIDR}, {"gateway_ip", gateway},
		{"allocation_pools", pools}, {"dns_nameservers", append([]netip.Addr{}, s.DNS...)}, {"host_routes", []object{}},
		{"enable_dhcp", s.DHCP}, {"ipv6_address_mode", nil}, {"ipv6_ra_mode", nil}, {"description", ""},
		{"tags", []string{}}, {"created_at", stamp(s.Created)}, {"updated_at", stamp(s.Updated)},
	}
}
