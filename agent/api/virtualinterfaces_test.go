package api

import (
	"fmt"
	"strings"
	"testing"
)

// Each version has its members, until there are none any more.
func TestVirtualInterfaces(t *testing.T) {
	const (
		plain = `{"id": "` + portA + `", "mac_address": "fa:16:3e:d0:c6:20"}`
		byNet = `{"id": "` + portA + `", "mac_address": "fa:16:3e:d0:c6:20", "net_id": "` + net88 + `"}`
		byExt = `{"id": "` + portA + `", "mac_address": "fa:16:3e:d0:c6:20", "OS-EXT-VIF-NET:net_id": "` + net88 + `"}`
		ended = `{"itemNotFound": {"code": 404, "message": "The resource could not be found."}}`
		gone  = `{"computeFault": {"code": 410, "message": "This resource is no longer available. No forwarding address is given."}}`
	)
	list := func(item string) string { return `{"virtual_interfaces": [` + item + `]}` }
	for _, tt := range []struct {
		path, version string
		gone          bool
		status        int
		answer        string
	}{
		{"/v2", "", false, 200, list(byExt)},
		{"/v2", "2.44", false, 200, list(byExt)},
		{"/v2/" + project, "", false, 200, list(byExt)},
		{"/v2.1", "", false, 200, list(plain)},
		{"/v2.1", "2.11", false, 200, list(plain)},
		{"/v2.1", "2.12", false, 200, list(byNet)},
		{"/v2.1/" + project, "2.43", false, 200, list(byNet)},
		{"/v2.1", "2.44", false, 404, ended},
		{"/v2.1", "latest", false, 404, ended},
		{"/v2", "", true, 410, gone},
		{"/v2.1", "", true, 410, gone},
		{"/v2.1", "2.43", true, 410, gone},
		{"/v2.1", "2.44", true, 410, gone},
	} {
		t.Run(fmt.Sprint(tt.path, tt.version, tt.gone), func(t *testing.T) {
			w := recordedWorld()
			w.plug(vm1, portA, "")
			a := serve(t, w, identities["member"])
			a.Older.Gone = tt.gone
			got := ask(a, "GET", tt.path+"/servers/"+vm1+"/os-virtual-interfaces", "", legacyHeader, tt.version)
			if got.Code != tt.status || got.Body.String() != tt.answer {
				t.Errorf("answer %d %s\nwant   %d %s", got.Code, got.Body, tt.status, tt.answer)
			}
		})
	}
}

// limit and offset cut a part out of the list; what is no number is refused.
func TestVirtualInterfacesInParts(t *testing.T) {
	const huge = "99999999999999999999999"
	for _, tt := range []struct {
		query  string
		status int
		want   string // the interfaces, by the first letter of their ID, or a part of the fault
	}{
		{"", 200, "6c3"},
		{"?limit=2", 200, "6c"},
		{"?limit=0", 200, "6c3"},
		{"?limit=" + huge, 200, "6c3"},
		{"?offset=1", 200, "c3"},
		{"?limit=1&offset=1", 200, "c"},
		{"?limit=9&limit=1", 200, "6"},
		{"?limit=%201%20", 200, "6"},
		{"?offset=3", 200, ""},
		{"?offset=" + huge, 200, ""},
		{"?limit=x", 400, `{"badRequest": {"code": 400, "message": "Invalid input received: limit must be an integer"}}`},
		{"?limit=", 400, `limit must be an integer`},
		{"?limit=1.5", 400, `limit must be an integer`},
		{"?limit=-1", 400, `{"badRequest": {"code": 400, "message": "Invalid input received: limit must be >= 0"}}`},
		{"?offset=x", 400, `Invalid input received: offset must be an integer`},
		{"?offset=-" + huge, 400, `Invalid input received: offset must be >= 0`},
		{"?offset=x&limit=x", 400, `limit must be`},
		{"?marker=x&page_size=x", 200, "6c3"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			w := recordedWorld()
			for _, p := range []string{portA, portB, portC} {
				w.plug(vm1, p, "")
			}
			got := ask(serve(t, w, identities["member"]), "GET", "/v2.1/servers/"+vm1+"/os-virtual-interfaces"+tt.query, "")
			if tt.status != 200 {
				want(t, got, tt.status, tt.want)
				return
			}
			ids := ""
			for _, part := range strings.Split(got.Body.String(), `"id": "`)[1:] {
				ids += part[:1]
			}
			if got.Code != 200 || ids != tt.want {
				t.Errorf("answer %d %s, want %q", got.Code, got.Body, tt.want)
			}
		})
	}
}

// No more than Nova's most are listed at once.
func TestVirtualInterfacesMany(t *testing.T) {
	list := make([]int, maxVirtualInterfaces+5)
	for query, want := range map[string]int{"": 1000, "1001": 1000, "1000": 1000, "999": 999} {
		q := map[string][]string{"limit": {query}}
		if query == "" {
			q = nil
		}
		if got, err := window(list, q); err != nil || len(got) != want {
			t.Errorf("limit %q: %d, %v; want %d", query, len(got), err, want)
		}
	}
}

// Who may not is told so before the server is looked for, and the server before
// the query.
func TestVirtualInterfacesRefusals(t *testing.T) {
	const path = "/v2.1/servers/00000000-dead-beef-0000-000000000000/os-virtual-interfaces?limit=x"
	for who, wanted := range map[string]struct {
		status int
		part   string
	}{
		"nobody": {403, `"forbidden"`},
		"member": {404, `Instance 00000000-dead-beef-0000-000000000000 could not be found.`},
	} {
		want(t, ask(serve(t, recordedWorld(), identities[who]), "GET", path, ""), wanted.status, wanted.part)
	}
	hidden := strings.Replace(path, "00000000-dead-beef-0000-000000000000", vm1, 1)
	want(t, ask(serve(t, recordedWorld(), identities["other"]), "GET", hidden, ""), 404, `Instance `+vm1+` could not be found.`)
}
