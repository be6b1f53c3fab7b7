package local

import (
	"vifd/agent/store"
	"vifd/vif"
)

// project returns whose port a request's becomes.
func project(r vif.Request) string {
	if r.Project != "" {
		return r.Project
	}
	return r.Caller.Project
}

// chosen returns the network that r names, or the only one that its project can
// see. One that the caller cannot see does not exist for him.
func chosen(tx *store.Tx, r vif.Request) (vif.Network, error) {
	if r.Network == "" {
		return only(tx, r)
	}
	n, err := network(tx, r.Network)
	if err == nil && !n.Shared && !r.Caller.May(n.Project) {
		err = missing(vif.NotFound, "Network %s could not be found.", r.Network)
	}
	return n, err
}

func only(tx *store.Tx, r vif.Request) (vif.Network, error) {
	networks, err := tx.Networks()
	if err != nil {
		return vif.Network{}, err
	}
	var seen []vif.Network
	for _, n := range networks {
		if sees(r, n) {
			seen = append(seen, n)
		}
	}
	switch len(seen) {
	case 0:
		return vif.Network{}, vif.Invalid.Because("No specific network was requested and none are available for project '%s'.", project(r))
	case 1:
		return seen[0], nil
	}
	return vif.Network{}, vif.Ambiguous.Because("Multiple possible networks found, use a Network ID to be more specific.")
}

// sees tells whether n is among the networks to choose from: the shared ones and
// the project's own. An admin chooses for the project of the request, from
// among those that are nobody's as well, and without a project from all.
func sees(r vif.Request, n vif.Network) bool {
	if n.Shared {
		return true
	}
	if !r.Caller.Admin {
		return r.Caller.May(n.Project)
	}
	return r.Project == "" || n.Project == "" || n.Project == r.Project
}
