package api

import (
	"encoding/json"
	"regexp"
	"slices"

	"vifd/vif"
)

// The Networking API's networks.

var (
	nullText  = &schema{kind: "string", maxLength: 255, null: true}
	mtuNumber = &schema{kind: "integer", min: 68, max: 65535}

	// bridgeName is what Linux and Open vSwitch take as the name of a bridge.
	bridgeName = &schema{kind: "string", null: true, maxLength: 15, pattern: regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)}

	networkChanged = &schema{kind: "object", properties: []property{
		{name: "name", schema: anyString},
		{name: "admin_state_up", schema: anyBool},
		{name: "shared", schema: anyBool, admin: true},
		{name: "mtu", schema: mtuNumber},
		{name: "port_security_enabled", schema: anyBool, admin: true},
	}}

	networkCreated = &schema{kind: "object", rule: segmentRule, properties: append(slices.Clone(networkChanged.properties),
		property{name: "provider:network_type", schema: &schema{kind: "string", enum: []any{"vlan", "flat"}, null: true}, admin: true},
		property{name: "provider:segmentation_id", schema: &schema{kind: "integer", min: 1, max: 4094, null: true}, admin: true},
		property{name: "provider:physical_network", schema: bridgeName, admin: true},
		property{name: "project_id", schema: nullText, admin: true},
		property{name: "tenant_id", schema: nullText, admin: true})}
)

// segmentRule says that a VLAN has a number, and a flat network none.
func segmentRule(v any) string {
	o, _ := v.(object)
	kind := text(o, "provider:network_type", "")
	_, numbered := value(o, "provider:segmentation_id").(json.Number)
	switch {
	case kind == "vlan" && !numbered:
		return "'provider:segmentation_id' is required for provider:network_type vlan"
	case kind == "flat" && numbered:
		return "'provider:segmentation_id' is not for provider:network_type flat"
	}
	return ""
}

func (a *API) networks() *collection[vif.Network] {
	return &collection[vif.Network]{
		one: "network", many: "networks", title: "Network",
		list: a.Networking.Networks, get: a.Networking.Network, delete: a.Networking.DeleteNetwork,
		make: a.makeNetwork, change: a.changeNetwork, viewer: a.networkViewer,
		visible: func(c *call) (func(vif.Network) bool, error) {
			return func(n vif.Network) bool { return n.Shared || c.who.sees(n.Project) }, nil
		},
		owner:   func(n vif.Network) string { return n.Project },
		created: networkCreated, changed: networkChanged,
	}
}

// projectOf returns whose a new resource is.
func projectOf(c *call, body object) string {
	return text(body, "project_id", text(body, "tenant_id", c.project))
}

func (a *API) makeNetwork(c *call, body object) (vif.Network, error) {
	n := vif.Network{Project: projectOf(c, body), AdminUp: true, Secure: true}
	n.Segment.VLAN = whole(body, "provider:segmentation_id", 0)
	n.Segment.Bridge = text(body, "provider:physical_network", "")
	return a.Networking.CreateNetwork(c.Context(), withNetworkBody(n, body))
}

func (a *API) changeNetwork(c *call, old vif.Network, body object) (vif.Network, error) {
	return a.Networking.UpdateNetwork(c.Context(), withNetworkBody(old, body))
}

// withNetworkBody returns n with what both creation and update may say.
func withNetworkBody(n vif.Network, body object) vif.Network {
	n.Name = text(body, "name", n.Name)
	n.MTU = whole(body, "mtu", n.MTU)
	n.Shared = flag(body, "shared", n.Shared)
	n.AdminUp = flag(body, "admin_state_up", n.AdminUp)
	n.Secure = flag(body, "port_security_enabled", n.Secure)
	return n
}

func (a *API) networkViewer(c *call) (func(vif.Network) object, error) {
	subnets, err := a.Networking.Subnets(c.Context())
	if err != nil {
		return nil, err
	}
	of := map[string][]string{}
	for _, s := range subnets {
		of[s.Network] = append(of[s.Network], s.ID)
	}
	return func(n vif.Network) object { return networkView(n, append([]string{}, of[n.ID]...)) }, nil
}

func networkView(n vif.Network, subnets []string) object {
	kind, vlan := "flat", any(nil)
	if n.Segment.VLAN != 0 {
		kind, vlan = "vlan", n.Segment.VLAN
	}
	return object{
		{"id", n.ID}, {"name", n.Name}, {"tenant_id", n.Project}, {"project_id", n.Project},
		{"admin_state_up", n.AdminUp}, {"status", "ACTIVE"}, {"mtu", n.MTU}, {"shared", n.Shared},
		{"port_security_enabled", n.Secure}, {"router:external", false}, {"subnets", subnets},
		{"provider:network_type", kind}, {"provider:physical_network", n.Segment.Bridge},
		{"provider:segmentation_id", vlan}, {"description", ""}, {"tags", []string{}},
		{"created_at", stamp(n.Created)}, {"updated_at", stamp(n.Updated)},
	}
}
