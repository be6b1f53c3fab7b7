package api

import "slices"

// Where the resources of the Compute API are.
const (
	computeBase = "/v2.1[/{project}]"
	olderBase   = "/v2[/{project}]"
)

// routes is the table of what is served: of rows that match, the first counts.
func (a *API) routes() []route {
	table := slices.Concat(a.versionRoutes(), a.computeRoutes(computeBase, compute), a.computeRoutes(olderBase, older),
		a.rackspaceRoutes(computeBase), a.rackspaceRoutes(olderBase),
		a.networkRoutes(), a.ownRoutes(), a.fallbacks())
	for i := range table {
		for _, path := range spellOut(table[i].pattern) {
			table[i].paths = append(table[i].paths, segments(path))
		}
	}
	return table
}

func (a *API) versionRoutes() []route {
	return []route{
		{"GET", "/", Nobody, root, a.listVersions, nil},
		{"GET", "/v2[/]", Nobody, router, a.showLegacyVersion, nil},
		{"GET", "/v2.1[/]", Nobody, compute, a.showVersion, nil},
		{"GET", "/v2.1[/{project}]/versions/v2.1", Reader, compute, a.showVersion, nil},
	}
}

func (a *API) computeRoutes(base string, as *dialect) []route {
	servers := base + "/servers"
	interfaces := servers + "/{server}/os-interface"
	return []route{
		{"GET", interfaces, Reader, as, a.listInterfaces, nil},
		{"POST", interfaces, Member, as, a.createInterface, nil},
		{"GET", interfaces + "/{port}", Reader, as, a.showInterface, nil},
		{"DELETE", interfaces + "/{port}", Member, as, a.deleteInterface, nil},

		{"GET", servers + "/{server}/os-virtual-interfaces", Reader, as, a.listVirtualInterfaces, nil},

		{"GET", servers, Reader, as, a.listServers, nil},
		{"GET", servers + "/detail", Reader, as, a.listServersInDetail, nil},
		{"GET", servers + "/{server}", Reader, as, a.showServer, nil},
		{"POST", servers + "/{server}/action", Member, as, a.act, nil},
		{"GET", servers + "/{server}/os-security-groups", Reader, as, a.listServerGroups, nil},
		{"GET", servers + "/{server}/os-instance-actions", Reader, as, a.listActions, nil},
		{"GET", servers + "/{server}/os-instance-actions/{action}", Reader, as, a.showAction, nil},
		{"GET", servers + "/{server}/ips", Reader, as, a.listAddresses, nil},
		{"GET", servers + "/{server}/ips/{network}", Reader, as, a.showAddresses, nil},

		{"GET", base + "/os-security-groups", Reader, as, a.listComputeGroups, nil},
		{"GET", base + "/os-security-groups/{group}", Reader, as, a.showComputeGroup, nil},
		{"GET", base + "/flavors", Reader, as, a.listFlavors, nil},
		{"GET", base + "/flavors/detail", Reader, as, a.listFlavorsInDetail, nil},
		{"GET", base + "/flavors/{flavor}", Reader, as, a.showFlavor, nil},
		{"GET", base + "/flavors/{flavor}/os-extra_specs", Reader, as, a.listExtraSpecs, nil},
	}
}

// rackspaceRoutes has what Rackspace's Compute had beside Nova's.
func (a *API) rackspaceRoutes(base string) []route {
	interfaces := base + "/servers/{server}/os-virtual-interfacesv2"
	return []route{
		{"GET", interfaces, Reader, rack, a.listVirtualInterfacesV2, nil},
		{"POST", interfaces, Member, rack, a.createVirtualInterface, nil},
		{anyMethod, interfaces, Reader, rack, a.badMethod, nil},
		{"DELETE", interfaces + "/{port}", Member, rack, a.deleteVirtualInterface, nil},
		{anyMethod, interfaces + "/{port}", Reader, rack, a.badMethod, nil},
	}
}

// networkRoutes has the Networking API: at its own base, and at that of compute,
// too, where clients look that know of no other.
func (a *API) networkRoutes() []route {
	return slices.Concat([]route{
		{"GET", "/v2.0[/]", Nobody, network, a.showNetworkVersion, nil},
	}, a.networkResources("/v2.0"), a.networkResources(computeBase))
}

func (a *API) networkResources(base string) []route {
	networks, subnets, ports, groups, rules := a.networks(), a.subnets(), a.ports(), a.securityGroups(), a.securityRules()
	return []route{
		{"GET", base + "/extensions", Reader, network, a.listExtensions, nil},
		{"GET", base + "/extensions/{alias}", Reader, network, a.showExtension, nil},
		{"GET", base + "/networks", Reader, network, networks.index, nil},
		{"POST", base + "/networks", Admin, network, networks.create, nil},
		{"GET", base + "/networks/{id}", Reader, network, networks.show, nil},
		{"PUT", base + "/networks/{id}", Member, network, networks.update, nil},
		{"DELETE", base + "/networks/{id}", Member, network, networks.remove, nil},
		{"GET", base + "/subnets", Reader, network, subnets.index, nil},
		{"POST", base + "/subnets", Member, network, subnets.create, nil},
		{"GET", base + "/subnets/{id}", Reader, network, subnets.show, nil},
		{"PUT", base + "/subnets/{id}", Member, network, subnets.update, nil},
		{"DELETE", base + "/subnets/{id}", Member, network, subnets.remove, nil},
		{"GET", base + "/ports", Reader, network, ports.index, nil},
		{"POST", base + "/ports", Member, network, ports.create, nil},
		{"GET", base + "/ports/{id}", Reader, network, ports.show, nil},
		{"PUT", base + "/ports/{id}", Member, network, ports.update, nil},
		{"DELETE", base + "/ports/{id}", Member, network, ports.remove, nil},
		{"GET", base + "/security-groups", Reader, network, groups.index, nil},
		{"POST", base + "/security-groups", Member, network, groups.create, nil},
		{"GET", base + "/security-groups/{id}", Reader, network, groups.show, nil},
		{"PUT", base + "/security-groups/{id}", Member, network, groups.update, nil},
		{"DELETE", base + "/security-groups/{id}", Member, network, groups.remove, nil},
		{"GET", base + "/security-group-rules", Reader, network, rules.index, nil},
		{"POST", base + "/security-group-rules", Member, network, rules.create, nil},
		{"GET", base + "/security-group-rules/{id}", Reader, network, rules.show, nil},
		{"DELETE", base + "/security-group-rules/{id}", Member, network, rules.remove, nil},
	}
}

func (a *API) ownRoutes() []route {
	return []route{
		{"GET", "/v1/attachments", Reader, own, a.listAttachments, nil},
		{"POST", "/v1/attachments", Member, own, a.attach, nil},
		{"POST", "/v1/attachments:batch", Member, own, a.attachBatch, nil},
		{"GET", "/v1/attachments/{port}", Reader, own, a.showAttachment, nil},
		{"DELETE", "/v1/attachments/{port}", Member, own, a.detach, nil},
		{"GET", "/v1/events", Reader, own, a.followEvents, nil},
		{"GET", "/v1/tokens", Admin, own, a.listTokens, nil},
		{"POST", "/v1/tokens", Admin, own, a.createToken, nil},
		{"DELETE", "/v1/tokens/{token}", Admin, own, a.revokeToken, nil},
		{"GET", "/v1/operations", Reader, own, a.listOperations, nil},
		{"GET", "/v1/operations/{operation}", Reader, own, a.showOperation, nil},
		{"PATCH", "/v1/ports/{port}", Member, own, a.setLink, nil},
		{"POST", "/v1/store/rebuild", Admin, own, a.rebuildStore, nil},
		{"POST", "/v1/servers/{server}/prepare", Admin, own, a.prepareServer, nil},
		{"GET", "/v1/status", Reader, own, a.showStatus, nil},
		{"GET", "/v1/leaks", Admin, own, a.listLeaks, nil},
		{"GET", "/metrics", Reader, own, a.showMetrics, nil},
		{"GET", "/openapi.json", Reader, own, a.showOpenAPI, nil},
		{"GET", "/healthz", Nobody, own, a.alive, nil},
		{"GET", "/readyz", Nobody, own, a.isReady, nil},
	}
}

// fallbacks have no method: they take what no other row does, by its first
// segment.
func (a *API) fallbacks() []route {
	return []route{
		{"", "/v2", Reader, router, a.noRoute, nil},
		{"", "/v2.1", Reader, router, a.noRoute, nil},
		{"", "/v2.0", Reader, network, a.noSuchPath, nil},
		{"", "/v1", Reader, own, a.noSuchPath, nil},
		{"", "/metrics", Reader, own, a.noSuchPath, nil},
		{"", "/openapi.json", Reader, own, a.noSuchPath, nil},
		{"", "/healthz", Nobody, own, a.noSuchPath, nil},
		{"", "/readyz", Nobody, own, a.noSuchPath, nil},
		{"", "", Nobody, root, a.chooseVersion, nil},
	}
}
