package api

import (
	"cmp"
	"slices"

	"vifd/vif"
)

// The Compute API's …/servers.

func (a *API) listServers(c *call) (reply, error) {
	servers, more, err := a.askedServers(c)
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, s := range servers {
		list = append(list, object{{"id", s.ID}, {"name", s.Name}, {"links", serverLinks(c, s.ID)}})
	}
	return ok(append(object{{"servers", list}}, more...)), nil
}

func (a *API) listServersInDetail(c *call) (reply, error) {
	servers, more, err := a.askedServers(c)
	if err != nil {
		return reply{}, err
	}
	names, err := a.networkNames(c)
	if err != nil {
		return reply{}, err
	}
	attached, err := a.Attachments.Attached(c.Context(), "")
	if err != nil {
		return reply{}, err
	}
	groups, err := a.groupNames(c, attached)
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, s := range servers {
		list = append(list, a.serverView(c, s, addressesOf(s.ID, attached, names), groupsOf(s.ID, attached, groups)))
	}
	return ok(append(object{{"servers", list}}, more...)), nil
}

func (a *API) showServer(c *call) (reply, error) {
	s, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	attached, err := a.Attachments.Attached(c.Context(), s.ID)
	if err != nil {
		return reply{}, err
	}
	names, namesErr := a.networkNames(c)
	groups, groupsErr := a.groupNames(c, attached)
	if err := firstOf(namesErr, groupsErr); err != nil {
		return reply{}, err
	}
	view := a.serverView(c, s, addressesOf(s.ID, attached, names), groupsOf(s.ID, attached, groups))
	if c.version.atLeast(71) { // and not in lists
		view = append(view, member{"server_groups", []string{}})
	}
	return ok(object{{"server", view}}), nil
}

// askedServers returns the servers that c's caller sees and its query asks for,
// by name, and the link to more of them.
func (a *API) askedServers(c *call) ([]vif.Server, object, error) {
	all, err := a.allServers(c)
	if err != nil {
		return nil, nil, err
	}
	wanted, err := serverFilter(c)
	if err != nil {
		return nil, nil, err
	}
	found := slices.DeleteFunc(slices.Clone(all), func(s vif.Server) bool {
		return !c.who.sees(s.Project) || !wanted(s)
	})
	slices.SortFunc(found, func(a, b vif.Server) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	part, more, err := pageOf(c, found, func(s vif.Server) string { return s.ID })
	if err != nil || more == "" {
		return part, nil, err
	}
	return part, object{{"servers_links", links("next", c.host()+c.URL.Path+"?"+more)}}, nil
}
