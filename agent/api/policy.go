package api

import (
	"net/http"
	"strings"
)

// The policies of Nova by what follows the base of its paths. What is not here
// is no resource of Nova's, and goes by its path.
var computePolicies = map[string]string{
	"GET servers":        "os_compute_api:servers:index",
	"GET servers/detail": "os_compute_api:servers:detail",
	"GET servers/{}":     "os_compute_api:servers:show",

	"GET flavors":                   "os_compute_api:flavors",
	"GET flavors/detail":            "os_compute_api:flavors",
	"GET flavors/{}":                "os_compute_api:flavors",
	"GET flavors/{}/os-extra_specs": "os_compute_api:os-flavor-extra-specs:index",

	"GET servers/{}/os-instance-actions":    "os_compute_api:os-instance-actions:list",
	"GET servers/{}/os-instance-actions/{}": "os_compute_api:os-instance-actions:show",

	"GET os-security-groups":            "os_compute_api:os-security-groups:get",
	"GET os-security-groups/{}":         "os_compute_api:os-security-groups:show",
	"GET servers/{}/os-security-groups": "os_compute_api:os-security-groups:list",

	"GET servers/{}/ips":    "os_compute_api:ips:index",
	"GET servers/{}/ips/{}": "os_compute_api:ips:show",

	"GET servers/{}/os-interface":       "os_compute_api:os-attach-interfaces:list",
	"POST servers/{}/os-interface":      "os_compute_api:os-attach-interfaces:create",
	"GET servers/{}/os-interface/{}":    "os_compute_api:os-attach-interfaces:show",
	"DELETE servers/{}/os-interface/{}": "os_compute_api:os-attach-interfaces:delete",

	"GET servers/{}/os-virtual-interfaces": "os_compute_api:os-virtual-interfaces",
}

// policy names what it takes to use r, as OpenStack's operators know it.
func (r *route) policy() string {
	words := r.words()
	if name, ok := computePolicies[r.method+" "+strings.Join(words, "/")]; ok && r.as != network {
		return name
	}
	if r.as == network {
		return networkPolicy(r.method, words)
	}
	return strings.TrimSpace(r.method + " /" + strings.Join(r.paths[0], "/"))
}

// words are the segments of r's shortest path after its base, with {} for each
// parameter.
func (r *route) words() []string {
	var words []string
	for i, s := range r.paths[0] {
		if _, ok := paramName(s); ok {
			s = "{}"
		}
		if i > 0 && s != "" {
			words = append(words, s)
		}
	}
	return words
}

var networkVerbs = map[string]string{
	http.MethodGet: "get_", http.MethodPost: "create_", http.MethodPut: "update_", http.MethodDelete: "delete_",
}

// networkPolicy is Neutron's: the verb, and the resource in the singular.
func networkPolicy(method string, words []string) string {
	resource := "resource"
	for _, w := range words {
		if w != "{}" {
			resource = strings.ReplaceAll(strings.TrimSuffix(w, "s"), "-", "_")
		}
	}
	return networkVerbs[method] + resource
}
