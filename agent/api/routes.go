package api

// routes is the table of what is served. Of rows that match, the first counts;
// rows without a method take what no other row does.
func (a *API) routes() []route {
	const (
		server     = "/v2.1[/{project}]/servers"
		interfaces = server + "/{server}/os-interface"
		nets       = "/v2.1[/{project}]"
	)
	networks, subnets, ports := a.networks(), a.subnets(), a.ports()
	table := []route{
		{"GET", "/", Nobody, root, a.listVersions, nil},
		{"GET", "/v2[/]", Nobody, router, a.showLegacyVersion, nil},
		{"GET", "/v2.1[/]", Nobody, compute, a.showVersion, nil},
		{"GET", "/v2.1[/{project}]/versions/v2.1", Reader, compute, a.showVersion, nil},

		{"GET", interfaces, Reader, compute, a.listInterfaces, nil},
		{"POST", interfaces, Member, compute, a.createInterface, nil},
		{"GET", interfaces + "/{port}", Reader, compute, a.showInterface, nil},
		{"DELETE", interfaces + "/{port}", Member, compute, a.deleteInterface, nil},

		{"GET", server, Reader, compute, a.listServers, nil},
		{"GET", server + "/detail", Reader, compute, a.listServersInDetail, nil},
		{"GET", server + "/{server}", Reader, compute, a.showServer, nil},
		{"GET", server + "/{server}/ips", Reader, compute, a.listAddresses, nil},
		{"GET", server + "/{server}/ips/{network}", Reader, compute, a.showAddresses, nil},

		{"GET", nets + "/networks", Reader, network, networks.index, nil},
		{"GET", nets + "/networks/{id}", Reader, network, networks.show, nil},
		{"GET", nets + "/subnets", Reader, network, subnets.index, nil},
		{"GET", nets + "/subnets/{id}", Reader, network, subnets.show, nil},
		{"GET", nets + "/ports", Reader, network, ports.index, nil},
		{"GET", nets + "/ports/{id}", Reader, network, ports.show, nil},

		{"GET", "/v2.0[/]", Nobody, network, a.showNetworkVersion, nil},
		{"GET", "/v2.0/extensions", Reader, network, a.listExtensions, nil},
		{"GET", "/v2.0/extensions/{alias}", Reader, network, a.showExtension, nil},
		{"GET", "/v2.0/networks", Reader, network, networks.index, nil},
		{"POST", "/v2.0/networks", Member, network, networks.create, nil},
		{"GET", "/v2.0/networks/{id}", Reader, network, networks.show, nil},
		{"PUT", "/v2.0/networks/{id}", Member, network, networks.update, nil},
		{"DELETE", "/v2.0/networks/{id}", Member, network, networks.remove, nil},
		{"GET", "/v2.0/subnets", Reader, network, subnets.index, nil},
		{"POST", "/v2.0/subnets", Member, network, subnets.create, nil},
		{"GET", "/v2.0/subnets/{id}", Reader, network, subnets.show, nil},
		{"PUT", "/v2.0/subnets/{id}", Member, network, subnets.update, nil},
		{"DELETE", "/v2.0/subnets/{id}", Member, network, subnets.remove, nil},
		{"GET", "/v2.0/ports", Reader, network, ports.index, nil},
		{"POST", "/v2.0/ports", Member, network, ports.create, nil},
		{"GET", "/v2.0/ports/{id}", Reader, network, ports.show, nil},
		{"PUT", "/v2.0/ports/{id}", Member, network, ports.update, nil},
		{"DELETE", "/v2.0/ports/{id}", Member, network, ports.remove, nil},

		{"GET", "/v1/attachments", Reader, own, a.listAttachments, nil},
		{"POST", "/v1/attachments", Member, own, a.attach, nil},
		{"GET", "/v1/attachments/{port}", Reader, own, a.showAttachment, nil},
		{"DELETE", "/v1/attachments/{port}", Member, own, a.detach, nil},
		{"GET", "/v1/status", Reader, own, a.showStatus, nil},
		{"GET", "/healthz", Nobody, own, a.alive, nil},
		{"GET", "/readyz", Nobody, own, a.isReady, nil},

		{"", "/v2", Reader, router, a.noRoute, nil},
		{"", "/v2.1", Reader, router, a.noRoute, nil},
		{"", "/v2.0", Reader, network, a.noSuchPath, nil},
		{"", "/v1", Reader, own, a.noSuchPath, nil},
		{"", "", Nobody, root, a.chooseVersion, nil},
	}
	for i := range table {
		for _, path := range spellOut(table[i].pattern) {
			table[i].paths = append(table[i].paths, segments(path))
		}
	}
	return table
}
