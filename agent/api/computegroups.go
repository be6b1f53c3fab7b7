package api

import "vifd/vif"

// The Compute API's own …/os-security-groups, which ended with 2.35: clients look
// a group up there that they give a server.

func (a *API) listComputeGroups(c *call) (reply, error) {
	seen, all, err := a.computeGroups(c)
	list := []object{}
	for _, g := range seen {
		list = append(list, computeGroupView(g, all))
	}
	return ok(object{{"security_groups", list}}), err
}

func (a *API) showComputeGroup(c *call) (reply, error) {
	seen, all, err := a.computeGroups(c)
	if err != nil {
		return reply{}, err
	}
	for _, g := range seen {
		if g.ID == canonical(c.params["group"]) {
			return ok(object{{"security_group", computeGroupView(g, all)}}), nil
		}
	}
	return reply{}, vif.NotFound.Because("Security group %s not found.", c.params["group"])
}

// computeGroups returns the groups that the caller sees, and all that there are.
func (a *API) computeGroups(c *call) (seen, all []vif.SecurityGroup, err error) {
	if c.version.atLeast(36) {
		return nil, nil, vif.NotFound.Because("The resource could not be found.")
	}
	all, err = a.Networking.SecurityGroups(c.Context())
	for _, g := range all {
		if c.who.sees(g.Project) {
			seen = append(seen, g)
		}
	}
	return seen, all, err
}
