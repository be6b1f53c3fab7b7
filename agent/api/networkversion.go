package api

import "vifd/vif"

// showNetworkVersion lists what the Networking API has. Beside Neutron's own
// list of resources it has the version, by which clients discover an endpoint.
func (a *API) showNetworkVersion(c *call) (reply, error) {
	base := c.host() + "/v2.0/"
	resources := []object{}
	for _, n := range []struct{ one, many string }{{"subnet", "subnets"}, {"network", "networks"}, {"port", "ports"},
		{"security_group", "security-groups"}, {"security_group_rule", "security-group-rules"}} {
		resources = append(resources, object{
			{"name", n.one}, {"collection", n.many}, {"links", links("self", base+n.many)},
		})
	}
	version := object{{"id", "v2.0"}, {"status", "CURRENT"}, {"links", links("self", base)}}
	return ok(object{{"version", version}, {"resources", resources}}), nil
}

// extensions are the parts of the Networking API beyond its core that are
// served, by the aliases that clients ask for.
var extensions = []struct{ alias, name string }{
	{"binding", "Port Binding"},
	{"net-mtu", "Network MTU"},
	{"net-mtu-writable", "Network MTU (writable)"},
	{"port-security", "Port Security"},
	{"provider", "Provider Network"},
	{"security-group", "security-group"},
	{"standard-attr-timestamp", "Resource timestamps"},
}

func extensionView(alias, name string) object {
	return object{{"alias", alias}, {"name", name}, {"description", name}, {"updated", "2013-02-03T10:00:00-00:00"}, {"links", []object{}}}
}

func (a *API) listExtensions(*call) (reply, error) {
	list := []object{}
	for _, e := range extensions {
		list = append(list, extensionView(e.alias, e.name))
	}
	return ok(object{{"extensions", list}}), nil
}

func (a *API) showExtension(c *call) (reply, error) {
	for _, e := range extensions {
		if e.alias == c.params["alias"] {
			return ok(object{{"extension", extensionView(e.alias, e.name)}}), nil
		}
	}
	return reply{}, &named{"Extension", vif.NotFound.Because("Extension with alias %s does not exist", c.params["alias"])}
}
