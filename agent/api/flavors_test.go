package api

import "testing"

const novasFlavor = "bc7785fd-3c5f-4023-b226-df39af935f81"

// There is a flavor for each size that a server has which the caller sees.
func TestFlavors(t *testing.T) {
	w := recordedWorld()
	w.servers[1].VCPUs, w.servers[1].MemoryMiB = 2, 512
	w.servers[2].VCPUs, w.servers[2].MemoryMiB = 2, 512
	w.servers[3].VCPUs, w.servers[3].MemoryMiB = 8, 4096
	admin, member := serve(t, w, identities["admin"]), serve(t, w, identities["member"])
	link := func(id string) string {
		return `"links": [{"rel": "self", "href": "http://nova/v2.1/flavors/` + id + `"}, {"rel": "bookmark", "href": "http://nova/flavors/` + id + `"}]}`
	}
	two := `{"id": "2-vcpu-512-mib", "name": "2-vcpu-512-mib", ` + link("2-vcpu-512-mib")
	theirs := `{"id": "8-vcpu-4096-mib", "name": "8-vcpu-4096-mib", ` + link("8-vcpu-4096-mib")
	novas := `{"id": "` + novasFlavor + `", "name": "` + novasFlavor + `", ` + link(novasFlavor)
	detail := `{"id": "2-vcpu-512-mib", "name": "2-vcpu-512-mib", "ram": 512, "disk": 0, "swap": "", "OS-FLV-EXT-DATA:ephemeral": 0, ` +
		`"OS-FLV-DISABLED:disabled": false, "vcpus": 2, "os-flavor-access:is_public": true, "rxtx_factor": 1, ` + link("2-vcpu-512-mib")
	for _, tt := range []struct {
		name, path, version string
		of                  *API
		status              int
		answer              string
	}{
		{"all", "/flavors?is_public=None", "2.1", admin, 200, `{"flavors": [` + two + `, ` + theirs + `, ` + novas + `]}`},
		{"a member's", "/flavors", "2.1", member, 200, `{"flavors": [` + two + `, ` + novas + `]}`},
		{"a page", "/flavors?limit=1", "2.1", member, 200, `{"flavors": [` + two + `], "flavors_links": [{"rel": "next", ` +
			`"href": "http://nova/v2.1/flavors?limit=1&marker=2-vcpu-512-mib"}]}`},
		{"the next", "/flavors?limit=1000&marker=2-vcpu-512-mib", "2.1", member, 200, `{"flavors": [` + novas + `]}`},
		{"one", "/flavors/2-vcpu-512-mib", "2.1", member, 200, `{"flavor": ` + detail + `}`},
		{"one of Nova's", "/flavors/" + novasFlavor, "2.1", member, 200, `"ram": 256`},
		{"since 2.55", "/flavors/detail", "2.55", member, 200, `"description": null}`},
		{"since 2.75", "/flavors/detail", "2.75", member, 200, `"swap": 0, `},
		{"since 2.61", "/flavors/detail", "2.61", member, 200, `"extra_specs": {}}`},
		{"another's", "/flavors/8-vcpu-4096-mib", "2.1", member, 404, `Flavor 8-vcpu-4096-mib could not be found.`},
		{"none", "/flavors/x", "2.1", admin, 404, `{"itemNotFound": {"code": 404, "message": "Flavor x could not be found."}}`},
		{"more of one", "/flavors/2-vcpu-512-mib/os-extra_specs", "2.1", member, 200, `{"extra_specs": {}}`},
		{"more of another's", "/flavors/8-vcpu-4096-mib/os-extra_specs", "2.1", member, 404, `could not be found.`},
		{"servers of that size", "/servers?flavor=2-vcpu-512-mib", "2.1", member, 200, `"name": "slow"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want(t, ask(tt.of, "GET", "/v2.1"+tt.path, "", "X-OpenStack-Nova-API-Version", tt.version), tt.status, tt.answer)
		})
	}
}
