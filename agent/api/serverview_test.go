package api

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// members returns the names of the members of the (first) server in an answer.
// That none has two of a name is what the length says.
func members(t *testing.T, got *httptest.ResponseRecorder) []string {
	t.Helper()
	var body struct {
		Server  map[string]json.RawMessage
		Servers []map[string]json.RawMessage
	}
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	server := body.Server
	if server == nil {
		server = body.Servers[0]
	}
	for name := range server {
		if n := strings.Count(got.Body.String(), `"`+name+`": `); name != "id" && name != "name" && name != "links" && body.Server != nil && n != 1 {
			t.Errorf("%d members %s", n, name)
		}
	}
	return slices.Sorted(maps.Keys(server))
}

// Each microversion adds to a server what it added in Nova, for members and for
// admins, and nothing else.
func TestServerByMicroversion(t *testing.T) {
	const attribute = "OS-EXT-SRV-ATTR:"
	since3 := []string{
		attribute + "hostname", attribute + "reservation_id", attribute + "launch_index", attribute + "kernel_id",
		attribute + "ramdisk_id", attribute + "root_device_name", attribute + "user_data",
	}
	for _, tt := range []struct {
		before, since, path string
		member, admin       []string // what is new to each
	}{
		{"2.2", "2.3", "/" + vm1, nil, since3},
		{"2.8", "2.9", "/" + vm1, []string{"locked"}, []string{"locked"}},
		{"2.15", "2.16", "/" + vm1, nil, []string{"host_status"}},
		{"2.18", "2.19", "/" + vm1, []string{"description"}, []string{"description"}},
		{"2.25", "2.26", "/" + vm1, []string{"tags"}, []string{"tags"}},
		{"2.62", "2.63", "/" + vm1, []string{"trusted_image_certificates"}, []string{"trusted_image_certificates"}},
		{"2.70", "2.71", "/" + vm1, []string{"server_groups"}, []string{"server_groups"}},
		{"2.70", "2.71", "/detail", nil, nil},
		{"2.72", "2.73", "/" + vm1, []string{"locked_reason"}, []string{"locked_reason"}},
		{"2.89", "2.90", "/" + vm1, []string{attribute + "hostname"}, nil},
		{"2.90", "2.93", "/" + vm1, nil, nil},
	} {
		for who, added := range map[string][]string{"member": tt.member, "admin": tt.admin} {
			a := serve(t, recordedWorld(), identities[who])
			at := func(version string) []string {
				return members(t, ask(a, "GET", "/v2.1/servers"+tt.path, "", "X-OpenStack-Nova-API-Version", version))
			}
			want := slices.Sorted(slices.Values(slices.Concat(at(tt.before), added)))
			if got := at(tt.since); !slices.Equal(got, want) {
				t.Errorf("%s of %s at %s:\n%q\nwant\n%q", tt.path, who, tt.since, got, want)
			}
		}
	}
}

// A flavor is named before 2.47, and spelled out since.
func TestFlavorByMicroversion(t *testing.T) {
	a := serve(t, recordedWorld(), identities["member"])
	for version, part := range map[string]string{
		"2.46": `"flavor": {"id": "bc7785fd-3c5f-4023-b226-df39af935f81", "links": [{"rel": "bookmark", "href": "http://nova/flavors/bc7785fd-3c5f-4023-b226-df39af935f81"}]}`,
		"2.47": `"flavor": {"vcpus": 1, "ram": 256, "disk": 0, "ephemeral": 0, "swap": 0, "original_name": "bc7785fd-3c5f-4023-b226-df39af935f81", "extra_specs": {}}`,
	} {
		want(t, ask(a, "GET", "/v2.1/servers/"+vm1, "", "X-OpenStack-Nova-API-Version", version), 200, part)
	}
}

// Lists come in pages with a link to the next; filters that Nova has count, and
// no others.
func TestServerList(t *testing.T) {
	a := serve(t, recordedWorld(), identities["admin"])
	for _, tt := range []struct {
		query  string
		status int
		part   string
		not    string
	}{
		{"limit=1", 200, `"servers_links": [{"rel": "next", "href": "http://nova/v2.1/servers?limit=1&marker=` + building + `"}]`, vm1},
		{"limit=1&marker=" + building, 200, vm1, building},
		{"limit=4&marker=" + vm1, 200, vm2, "servers_links"},
		{"limit=-1", 400, `Invalid input for query parameters limit. Value: -1.`, ""},
		{"marker=nonsense", 400, `marker [nonsense] not found`, ""},
		{"status=build", 200, building, vm1},
		{"status=build&status=ACTIVE", 200, vm1, ""},
		{"tenant_id=" + other, 200, vmo, vm1},
		{"image=de569614-64fd-4cd3-8bce-e0e68bcc43e0", 200, vm1, vm2},
		{"deleted=true", 200, `{"servers": []}`, vm1},
		{"all_tenants=1&sort_key=created_at", 200, vm1, ""},
	} {
		got := ask(a, "GET", "/v2.1/servers?"+tt.query, "")
		want(t, got, tt.status, tt.part)
		if tt.not != "" && strings.Contains(strings.ReplaceAll(got.Body.String(), "marker="+tt.not, ""), tt.not) {
			t.Errorf("%s: %s has %s", tt.query, got.Body, tt.not)
		}
	}
}
