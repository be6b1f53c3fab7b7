package api

import (
	"slices"

	"vifd/vif"
)

// The security groups that a server is shown with: those of its ports.

// groupNames returns what security groups are called, by ID. It asks nobody where
// nothing of attached has any.
func (a *API) groupNames(c *call, attached []vif.Attachment) (map[string]string, error) {
	if !slices.ContainsFunc(attached, func(at vif.Attachment) bool { return len(at.Port.Groups) > 0 }) {
		return nil, nil
	}
	groups, err := a.Networking.SecurityGroups(c.Context())
	names := map[string]string{}
	for _, g := range groups {
		names[g.ID] = orElse(g.Name, g.ID)
	}
	return names, err
}

// groupsOf returns the names of the groups that the server's ports have, each once;
// "default" stands for none, as Nova has no server without.
func groupsOf(server string, attached []vif.Attachment, names map[string]string) []object {
	var of []string
	for _, at := range attached {
		if at.Server != server {
			continue
		}
		for _, g := range at.Port.Groups {
			of = append(of, orElse(names[g], g))
		}
	}
	if of == nil {
		of = []string{"default"}
	}
	slices.Sort(of)
	var list []object
	for _, name := range slices.Compact(of) {
		list = append(list, object{{"name", name}})
	}
	return list
}

// listServerGroups shows the security groups that the server's ports have.
func (a *API) listServerGroups(c *call) (reply, error) {
	server, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	attached, err := a.Attachments.Attached(c.Context(), server.ID)
	if err != nil {
		return reply{}, err
	}
	groups, err := a.Networking.SecurityGroups(c.Context())
	list := []object{}
	for _, g := range groups {
		if slices.ContainsFunc(attached, func(at vif.Attachment) bool { return slices.Contains(at.Port.Groups, g.ID) }) {
			list = append(list, computeGroupView(g, groups))
		}
	}
	return ok(object{{"security_groups", list}}), err
}

// computeGroupView is a group in the words of the Compute API, which knows of what
// comes in only.
func computeGroupView(g vif.SecurityGroup, all []vif.SecurityGroup) object {
	rules := []object{}
	for _, r := range g.Rules {
		if r.Direction != vif.Ingress {
			continue
		}
		from, far := object{}, object{}
		if r.RemotePrefix.IsValid() {
			from = object{{"cidr", r.RemotePrefix}}
		}
		if i := slices.IndexFunc(all, func(g vif.SecurityGroup) bool { return g.ID == r.RemoteGroup }); i >= 0 {
			far = object{{"tenant_id", all[i].Project}, {"name", all[i].Name}}
		}
		rules = append(rules, object{{"id", r.ID}, {"parent_group_id", g.ID}, {"ip_protocol", orNull(r.Protocol)},
			{"from_port", orNone(r.First)}, {"to_port", orNone(r.Last)}, {"ip_range", from}, {"group", far}})
	}
	return object{{"id", g.ID}, {"name", g.Name}, {"description", g.Description}, {"tenant_id", g.Project}, {"rules", rules}}
}
