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
