package api

import (
	"context"
	"errors"
	"slices"

	"vifd/vif"
)

// The Networking API's ports.

var (
	portChanged = &schema{kind: "object", properties: portProperties(placedItem)}

	portCreated = &schema{kind: "object", required: []string{"network_id"}, properties: append(portProperties(addressItem),
		property{name: "network_id", schema: uuidText},
		property{name: "project_id", schema: nullText, admin: true},
		property{name: "tenant_id", schema: nullText, admin: true})}
)

// portProperties are what both creation and update may say, with addresses that are
// asked for as each item says.
func portProperties(address *schema) []property {
	return []property{
		{name: "name", schema: anyString},
		{name: "admin_state_up", schema: anyBool},
		{name: "mac_address", schema: macText, admin: true},
		{name: "fixed_ips", schema: &schema{kind: "array", maxItems: 16, items: address}},
		{name: "device_id", schema: anyString},
		{name: "device_owner", schema: anyString},
		{name: "binding:vnic_type", schema: &schema{kind: "string", enum: []any{"normal"}}}, // there is no other
		{name: "port_security_enabled", schema: anyBool, admin: true},
		{name: "security_groups", schema: uuidList},
	}
}

func (a *API) ports() *collection[vif.Port] {
	return &collection[vif.Port]{
		one: "port", many: "ports", title: "Port",
		list: a.Networking.Ports, get: a.Networking.Port, delete: a.deletePort,
		make: a.makePort, change: a.changePort, viewer: a.portViewer,
		visible: func(c *call) (func(vif.Port) bool, error) {
			return func(p vif.Port) bool { return c.who.sees(p.Project) }, nil
		},
		owner:   func(p vif.Port) string { return p.Project },
		created: portCreated, changed: portChanged,
	}
}

// portGroups returns the security groups that a body gives a port, or those that it
// had where the body does not say. New ones have to be there for the caller.
func (a *API) portGroups(c *call, body object, had []string) ([]string, error) {
	groups := canonicalAll(texts(body, "security_groups"))
	if groups == nil {
		return had, nil
	}
	for _, id := range groups {
		if slices.Contains(had, id) {
			continue
		}
		if _, err := a.groupSeen(c, id); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

func (a *API) makePort(c *call, body object) (vif.Port, error) {
	groups, err := a.portGroups(c, body, nil)
	if err != nil {
		return vif.Port{}, err
	}
	network := canonical(text(body, "network_id", ""))
	n, err := a.Networking.Network(c.Context(), network)
	if err != nil {
		return vif.Port{}, about("Network", network, err)
	}
	if !n.Shared && !c.who.sees(n.Project) {
		return vif.Port{}, about("Network", network, vif.NotFound)
	}
	mac, _ := parseMAC(text(body, "mac_address", ""))
	p, err := a.Networking.CreatePort(c.Context(), vif.PortSpec{
		Name: text(body, "name", ""), Project: orElse(projectOf(c, body), n.Project), Network: network, MAC: mac,
		FixedIPs: addressClaims(parts(body, "fixed_ips")), Secure: choice(body, "port_security_enabled"),
		AdminUp: flag(body, "admin_state_up", true),
		Device:  text(body, "device_id", ""), DeviceOwner: text(body, "device_owner", ""), Groups: groups,
	})
	return p, a.befriended(c.Context(), err, p)
}

// befriended has the ports of servers follow a change of those, where these are or
// were in security groups: rules of others may name them.
func (a *API) befriended(ctx context.Context, err error, ports ...vif.Port) error {
	if err == nil && slices.ContainsFunc(ports, func(p vif.Port) bool { return len(p.Groups) > 0 }) {
		return a.guarded(ctx, nil)
	}
	return err
}

func (a *API) deletePort(ctx context.Context, id string) error {
	p, err := a.Networking.Port(ctx, id)
	if err == nil {
		err = a.Networking.DeletePort(ctx, id)
	}
	return a.befriended(ctx, err, p)
}

func (a *API) changePort(c *call, was vif.Port, body object) (vif.Port, error) {
	p := was
	var err error
	if p.Groups, err = a.portGroups(c, body, was.Groups); err != nil {
		return p, err
	}
	p.Name = text(body, "name", p.Name)
	p.AdminUp = flag(body, "admin_state_up", p.AdminUp)
	p.Secure = flag(body, "port_security_enabled", p.Secure)
	p.Device = text(body, "device_id", p.Device)
	p.DeviceOwner = text(body, "device_owner", p.DeviceOwner)
	if mac, ok := parseMAC(text(body, "mac_address", "")); ok {
		p.MAC = mac
	}
	if claims := addressClaims(parts(body, "fixed_ips")); claims != nil {
		p.FixedIPs = nil
		for _, claim := range claims {
			p.FixedIPs = append(p.FixedIPs, vif.FixedIP{Subnet: claim.Subnet, Address: claim.Address})
		}
	}
	p, err = a.updatePort(c, p, was)
	return p, a.befriended(c.Context(), err, p, was)
}

// updatePort makes was what the caller wants of it. The addresses of a port that a
// server has are in its filter too; they change last, and when they cannot all else is
// put back, also for a caller who does not wait for it.
func (a *API) updatePort(c *call, p, was vif.Port) (vif.Port, error) {
	want := p.FixedIPs
	if was.Claim == 0 || slices.Equal(want, was.FixedIPs) {
		return a.Networking.UpdatePort(c.Context(), p)
	}
	p.FixedIPs = was.FixedIPs
	if _, err := a.Networking.UpdatePort(c.Context(), p); err != nil {
		return p, err
	}
	r := vif.Request{Server: was.Device, Port: was.ID, Operation: c.id, Caller: c.who.Caller}
	if err := a.Attachments.SetAddresses(c.Context(), r, want); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), keeping)
		defer cancel()
		_, back := a.Networking.UpdatePort(ctx, was)
		return p, errors.Join(err, back)
	}
	return a.Networking.Port(c.Context(), was.ID)
}

// portViewer looks up the state of every attachment, for that is the status of
// its port. A port that is not plugged in is down.
func (a *API) portViewer(c *call) (func(vif.Port) object, error) {
	attached, err := a.Attachments.Attached(c.Context(), "")
	if err != nil {
		return nil, err
	}
	states := map[string]vif.State{}
	for _, at := range attached {
		states[at.Port.ID] = at.State
	}
	return func(p vif.Port) object {
		return portView(p, vif.State(orElse(string(states[p.ID]), string(vif.Down))))
	}, nil
}

func portView(p vif.Port, state vif.State) object {
	addresses := []object{}
	for _, ip := range p.FixedIPs {
		addresses = append(addresses, object{{"subnet_id", ip.Subnet}, {"ip_address", ip.Address}})
	}
	kind := "unbound"
	if p.Host != "" {
		kind = "ovs"
	}
	return object{
		{"id", p.ID}, {"name", p.Name}, {"network_id", p.Network}, {"tenant_id", p.Project}, {"project_id", p.Project},
		{"mac_address", p.MAC}, {"admin_state_up", p.AdminUp}, {"status", state},
		{"device_id", p.Device}, {"device_owner", p.DeviceOwner}, {"fixed_ips", addresses},
		{"port_security_enabled", p.Secure}, {"security_groups", append([]string{}, p.Groups...)}, {"allowed_address_pairs", []object{}},
		{"binding:host_id", p.Host}, {"binding:vif_type", kind}, {"binding:vnic_type", "normal"},
		{"binding:profile", object{}}, {"binding:vif_details", object{}}, {"description", ""}, {"tags", []string{}},
		{"created_at", stamp(p.Created)}, {"updated_at", stamp(p.Updated)},
	}
}
