package api

import (
	"vifd/vif"
)

// networkNames returns what networks are called, by ID.
func (a *API) networkNames(c *call) (map[string]string, error) {
	networks, err := a.Networking.Networks(c.Context())
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, n := range networks {
		names[n.ID] = orElse(n.Name, n.ID)
	}
	return names, nil
}

// addresses returns the server's addresses by the name of their network.
func (a *API) addresses(c *call, s vif.Server) (object, error) {
	attached, err := a.Attachments.Attached(c.Context(), s.ID)
	if err != nil {
		return nil, err
	}
	names, err := a.networkNames(c)
	if err != nil {
		return nil, err
	}
	return addressesOf(s.ID, attached, names), nil
}

func addressesOf(server string, attached []vif.Attachment, names map[string]string) object {
	by := map[string][]object{}
	var order []string
	for _, at := range attached {
		if at.Server != server {
			continue
		}
		name := orElse(names[at.Port.Network], at.Port.Network)
		for _, ip := range at.Port.FixedIPs {
			if by[name] == nil {
				order = append(order, name)
			}
			by[name] = append(by[name], addressView(ip, at.Port.MAC))
		}
	}
	view := object{}
	for _, name := range order {
		view = append(view, member{name, by[name]})
	}
	return view
}

func addressView(ip vif.FixedIP, mac string) object {
	version := 6
	if ip.Address.Is4() {
		version = 4
	}
	return object{
		{"version", version}, {"addr", ip.Address}, {"OS-EXT-IPS:type", "fixed"}, {"OS-EXT-IPS-MAC:mac_addr", mac},
	}
}

// bare leaves of a server's addresses what …/ips shows of them.
func bare(addresses object) object {
	view := object{}
	for _, m := range addresses {
		list := []object{}
		for _, o := range m.value.([]object) {
			list = append(list, o.only([]string{"version", "addr"}))
		}
		view = append(view, member{m.name, list})
	}
	return view
}

func (a *API) listAddresses(c *call) (reply, error) {
	s, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	addresses, err := a.addresses(c, s)
	if err != nil {
		return reply{}, err
	}
	return ok(object{{"addresses", bare(addresses)}}), nil
}

func (a *API) showAddresses(c *call) (reply, error) {
	s, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	addresses, err := a.addresses(c, s)
	if err != nil {
		return reply{}, err
	}
	of := bare(addresses).only([]string{c.params["network"]})
	if len(of) == 0 {
		return reply{}, vif.NotFound.Because("Instance is not a member of specified network")
	}
	return ok(of), nil
}
