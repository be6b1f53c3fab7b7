package api

import "strings"

// A rule says who may ask something, and what they are told who may not.
type rule struct {
	asked  string // a row of the table: COMPUTE/ and NETWORK/ stand for the places where its resources are
	who    Role   // the least that a caller must be
	policy string // that forbids it to others
	body   string // to ask it with
}

// rules has every route. What is new is added here, and who shall use it.
var rules = []rule{
	{"GET /", Nobody, "", ""},
	{"GET /v2[/]", Nobody, "", ""},
	{"GET /v2.1[/]", Nobody, "", ""},
	{"GET /v2.1[/{project}]/versions/v2.1", Reader, "GET /v2.1/versions/v2.1", ""},

	{"GET COMPUTE/servers", Reader, "os_compute_api:servers:index", ""},
	{"GET COMPUTE/servers/detail", Reader, "os_compute_api:servers:detail", ""},
	{"GET COMPUTE/servers/{server}", Reader, "os_compute_api:servers:show", ""},
	{"GET COMPUTE/servers/{server}/os-interface", Reader, "os_compute_api:os-attach-interfaces:list", ""},
	{"POST COMPUTE/servers/{server}/os-interface", Member, "os_compute_api:os-attach-interfaces:create", `{"interfaceAttachment": {"net_id": "` + net88 + `"}}`},
	{"GET COMPUTE/servers/{server}/os-interface/{port}", Reader, "os_compute_api:os-attach-interfaces:show", ""},
	{"DELETE COMPUTE/servers/{server}/os-interface/{port}", Member, "os_compute_api:os-attach-interfaces:delete", ""},
	{"GET COMPUTE/servers/{server}/os-virtual-interfaces", Reader, "os_compute_api:os-virtual-interfaces", ""},
	{"POST COMPUTE/servers/{server}/action", Member, "os_compute_api:os-lock-server:lock", `{"lock": null}`},
	{"POST COMPUTE/servers/{server}/action", Member, "os_compute_api:os-lock-server:unlock", `{"unlock": null}`},
	{"POST COMPUTE/servers/{server}/action", Member, "os_compute_api:os-multinic:add", `{"addFixedIp": {"networkId": "` + net88 + `"}}`},
	{"POST COMPUTE/servers/{server}/action", Member, "os_compute_api:os-multinic:remove", `{"removeFixedIp": {"address": "10.88.0.125"}}`},
	{"POST COMPUTE/servers/{server}/action", Member, "os_compute_api:os-security-groups:add", `{"addSecurityGroup": {"name": "web"}}`},
	{"POST COMPUTE/servers/{server}/action", Member, "os_compute_api:os-security-groups:remove", `{"removeSecurityGroup": {"name": "web"}}`},
	{"GET COMPUTE/servers/{server}/os-security-groups", Reader, "os_compute_api:os-security-groups:list", ""},
	{"GET COMPUTE/servers/{server}/os-instance-actions", Reader, "os_compute_api:os-instance-actions:list", ""},
	{"GET COMPUTE/servers/{server}/os-instance-actions/{action}", Reader, "os_compute_api:os-instance-actions:show", ""},
	{"GET COMPUTE/servers/{server}/ips", Reader, "os_compute_api:ips:index", ""},
	{"GET COMPUTE/servers/{server}/ips/{network}", Reader, "os_compute_api:ips:show", ""},
	{"GET COMPUTE/os-security-groups", Reader, "os_compute_api:os-security-groups:get", ""},
	{"GET COMPUTE/os-security-groups/{group}", Reader, "os_compute_api:os-security-groups:show", ""},
	{"GET COMPUTE/flavors", Reader, "os_compute_api:flavors", ""},
	{"GET COMPUTE/flavors/detail", Reader, "os_compute_api:flavors", ""},
	{"GET COMPUTE/flavors/{flavor}", Reader, "os_compute_api:flavors", ""},
	{"GET COMPUTE/flavors/{flavor}/os-extra_specs", Reader, "os_compute_api:os-flavor-extra-specs:index", ""},

	{"GET COMPUTE/servers/{server}/os-virtual-interfacesv2", Reader, "/servers/{server}/os-virtual-interfacesv2", ""},
	{"POST COMPUTE/servers/{server}/os-virtual-interfacesv2", Member, "/servers/{server}/os-virtual-interfacesv2", `{"virtual_interface": {"network_id": "` + net89 + `"}}`},
	{"* COMPUTE/servers/{server}/os-virtual-interfacesv2", Reader, "/servers/{server}/os-virtual-interfacesv2", ""},
	{"DELETE COMPUTE/servers/{server}/os-virtual-interfacesv2/{port}", Member, "/servers/{server}/os-virtual-interfacesv2/{port}", ""},
	{"* COMPUTE/servers/{server}/os-virtual-interfacesv2/{port}", Reader, "/servers/{server}/os-virtual-interfacesv2/{port}", ""},

	{"GET /v2.0[/]", Nobody, "", ""},
	{"GET NETWORK/extensions", Reader, "get_extension", ""},
	{"GET NETWORK/extensions/{alias}", Reader, "get_extension", ""},
	{"GET NETWORK/networks", Reader, "get_network", ""},
	{"POST NETWORK/networks", Admin, "create_network", `{"network": {"name": "x"}}`},
	{"GET NETWORK/networks/{id}", Reader, "get_network", ""},
	{"PUT NETWORK/networks/{id}", Member, "update_network", `{"network": {"name": "x"}}`},
	{"DELETE NETWORK/networks/{id}", Member, "delete_network", ""},
	{"GET NETWORK/subnets", Reader, "get_subnet", ""},
	{"POST NETWORK/subnets", Member, "create_subnet", `{"subnet": {"network_id": "` + net88 + `", "cidr": "10.9.0.0/24"}}`},
	{"GET NETWORK/subnets/{id}", Reader, "get_subnet", ""},
	{"PUT NETWORK/subnets/{id}", Member, "update_subnet", `{"subnet": {"name": "x"}}`},
	{"DELETE NETWORK/subnets/{id}", Member, "delete_subnet", ""},
	{"GET NETWORK/ports", Reader, "get_port", ""},
	{"POST NETWORK/ports", Member, "create_port", `{"port": {"network_id": "` + net88 + `"}}`},
	{"GET NETWORK/ports/{id}", Reader, "get_port", ""},
	{"PUT NETWORK/ports/{id}", Member, "update_port", `{"port": {"name": "x"}}`},
	{"DELETE NETWORK/ports/{id}", Member, "delete_port", ""},
	{"GET NETWORK/security-groups", Reader, "get_security_group", ""},
	{"POST NETWORK/security-groups", Member, "create_security_group", `{"security_group": {"name": "x"}}`},
	{"GET NETWORK/security-groups/{id}", Reader, "get_security_group", ""},
	{"PUT NETWORK/security-groups/{id}", Member, "update_security_group", `{"security_group": {"name": "x"}}`},
	{"DELETE NETWORK/security-groups/{id}", Member, "delete_security_group", ""},
	{"GET NETWORK/security-group-rules", Reader, "get_security_group_rule", ""},
	{"POST NETWORK/security-group-rules", Member, "create_security_group_rule", `{"security_group_rule": {"security_group_id": "` + groupWeb + `", "direction": "ingress"}}`},
	{"GET NETWORK/security-group-rules/{id}", Reader, "get_security_group_rule", ""},
	{"DELETE NETWORK/security-group-rules/{id}", Member, "delete_security_group_rule", ""},

	{"GET /v1/attachments", Reader, "GET /v1/attachments", ""},
	{"POST /v1/attachments", Member, "POST /v1/attachments", `{"server": "vm1", "network": "net89"}`},
	{"POST /v1/attachments:batch", Member, "POST /v1/attachments:batch", `{"attachments": [{"server": "vm1", "network": "net89"}]}`},
	{"GET /v1/attachments/{port}", Reader, "GET /v1/attachments/{port}", ""},
	{"DELETE /v1/attachments/{port}", Member, "DELETE /v1/attachments/{port}", ""},
	{"PATCH /v1/ports/{port}", Member, "PATCH /v1/ports/{port}", `{"link_state": "down"}`},
	{"GET /v1/operations", Reader, "GET /v1/operations", ""},
	{"GET /v1/operations/{operation}", Reader, "GET /v1/operations/{operation}", ""},
	{"GET /v1/events", Reader, "GET /v1/events", ""},
	{"GET /v1/tokens", Admin, "GET /v1/tokens", ""},
	{"POST /v1/tokens", Admin, "POST /v1/tokens", `{"name": "x", "role": "reader"}`},
	{"DELETE /v1/tokens/{token}", Admin, "DELETE /v1/tokens/{token}", ""},
	{"POST /v1/store/rebuild", Admin, "POST /v1/store/rebuild", ""},
	{"POST /v1/servers/{server}/prepare", Admin, "POST /v1/servers/{server}/prepare", ""},
	{"GET /v1/status", Reader, "GET /v1/status", ""},
	{"GET /v1/leaks", Admin, "GET /v1/leaks", ""},
	{"GET /metrics", Reader, "GET /metrics", ""},
	{"GET /openapi.json", Reader, "GET /openapi.json", ""},
	{"GET /healthz", Nobody, "", ""},
	{"GET /readyz", Nobody, "", ""},

	{" /v2", Reader, "/v2", ""},
	{" /v2.1", Reader, "/v2.1", ""},
	{" /v2.0", Reader, "resource", ""},
	{" /v1", Reader, "/v1", ""},
	{" /metrics", Reader, "/metrics", ""},
	{" /openapi.json", Reader, "/openapi.json", ""},
	{" /healthz", Nobody, "", ""},
	{" /readyz", Nobody, "", ""},
	{" ", Nobody, "", ""},
}

// places are where the resources of the Compute API are, and of the Networking API.
var places = map[string][]string{
	"COMPUTE": {"/v2.1[/{project}]", "/v2[/{project}]"}, "NETWORK": {"/v2.0", "/v2.1[/{project}]"},
}

// everywhere returns r once for each place that it is about.
func (r rule) everywhere() (all []rule) {
	for name, bases := range places {
		if !strings.Contains(r.asked, name) {
			continue
		}
		for _, base := range bases {
			there := r
			there.asked = strings.Replace(r.asked, name, base, 1)
			if strings.HasPrefix(r.policy, "/") { // what has no policy of its own is called by its method and its path
				method, _, _ := strings.Cut(r.asked, " ")
				there.policy = method + " " + strings.TrimSuffix(base, "[/{project}]") + r.policy
			}
			all = append(all, there)
		}
		return all
	}
	return []rule{r}
}

// forbids is what r says in the words of what was asked.
func (r rule) forbids() string {
	_, path, _ := strings.Cut(r.asked, " ")
	switch {
	case !strings.ContainsAny(r.policy, " :/"):
		return `"type": "PolicyNotAuthorized", "message": "rule:` + r.policy + ` is disallowed by policy"`
	case strings.HasPrefix(path, "/v2"):
		return `{"forbidden": {"code": 403, "message": "Policy doesn't allow ` + r.policy + ` to be performed."}}`
	}
	return `"message": "` + r.policy + ` is not allowed to `
}
