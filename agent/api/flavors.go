package api

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"

	"vifd/vif"
)

// The Compute API's …/flavors: the sizes of the servers that there are. Clients
// ask for them to print what size a server has.

// flavorName is what a server's size is called: Nova's name where Nova made the
// server, and else what it is.
func flavorName(s vif.Server) string {
	return orElse(s.Flavor, fmt.Sprintf("%d-vcpu-%d-mib", s.VCPUs, s.MemoryMiB))
}

// flavors returns a server of each size that c's caller sees, by its name.
func (a *API) flavors(c *call) ([]vif.Server, error) {
	all, err := a.Servers.Servers(c.Context())
	if err != nil {
		return nil, err
	}
	seen := slices.DeleteFunc(slices.Clone(all), func(s vif.Server) bool { return !c.who.sees(s.Project) })
	slices.SortStableFunc(seen, func(s, t vif.Server) int { return cmp.Compare(flavorName(s), flavorName(t)) })
	return slices.CompactFunc(seen, func(s, t vif.Server) bool { return flavorName(s) == flavorName(t) }), nil
}

func (a *API) listFlavors(c *call) (reply, error) {
	return a.flavorList(c, func(c *call, s vif.Server) object {
		return object{{"id", flavorName(s)}, {"name", flavorName(s)}, {"links", flavorLinks(c, flavorName(s))}}
	})
}

func (a *API) listFlavorsInDetail(c *call) (reply, error) { return a.flavorList(c, flavorDetail) }

func (a *API) flavorList(c *call, view func(*call, vif.Server) object) (reply, error) {
	found, err := a.flavors(c)
	if err != nil {
		return reply{}, err
	}
	part, more, err := pageOf(c, found, flavorName)
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, s := range part {
		list = append(list, view(c, s))
	}
	body := object{{"flavors", list}}
	if more != "" {
		body = append(body, member{"flavors_links", links("next", c.host()+c.URL.Path+"?"+more)})
	}
	return ok(body), nil
}

func (a *API) showFlavor(c *call) (reply, error) {
	found, err := a.flavor(c)
	if err != nil {
		return reply{}, err
	}
	return ok(object{{"flavor", flavorDetail(c, found)}}), nil
}

// listExtraSpecs answers that there are none, which clients want to hear.
func (a *API) listExtraSpecs(c *call) (reply, error) {
	_, err := a.flavor(c)
	return ok(object{{"extra_specs", object{}}}), err
}

// flavor returns a server of the size that c's path names.
func (a *API) flavor(c *call) (vif.Server, error) {
	found, err := a.flavors(c)
	if err != nil {
		return vif.Server{}, err
	}
	id := c.params["flavor"]
	i := slices.IndexFunc(found, func(s vif.Server) bool { return flavorName(s) == id })
	if i < 0 {
		return vif.Server{}, vif.NotFound.Because("Flavor %s could not be found.", shorten(id))
	}
	return found[i], nil
}

// flavorDetail is a size as the microversion shows it. What a server's definition
// does not say is nothing.
func flavorDetail(c *call, s vif.Server) object {
	swap := any("")
	if c.version.atLeast(75) {
		swap = 0
	}
	view := object{
		{"id", flavorName(s)}, {"name", flavorName(s)}, {"ram", s.MemoryMiB}, {"disk", 0}, {"swap", swap},
		{"OS-FLV-EXT-DATA:ephemeral", 0}, {"OS-FLV-DISABLED:disabled", false}, {"vcpus", s.VCPUs},
		{"os-flavor-access:is_public", true}, {"rxtx_factor", 1}, {"links", flavorLinks(c, flavorName(s))},
	}
	if c.version.atLeast(55) {
		view = append(view, member{"description", nil})
	}
	if c.version.atLeast(61) {
		view = append(view, member{"extra_specs", object{}})
	}
	return view
}

func flavorLinks(c *call, id string) []object {
	path := "/flavors/" + url.PathEscape(id)
	return links("self", c.base()+path, "bookmark", c.bookmark(path))
}
