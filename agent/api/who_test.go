package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vifd/vif"
)

// A permitted case is what somebody asks, and part of what they are told.
type permitted struct {
	name, method, path, body string
	who                      Identity
	status                   int
	part                     string
}

func checkPermitted(t *testing.T, cases []permitted) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			w.plug(vm2, portVM2, "")
			w.networks[1].Shared = true
			want(t, ask(serve(t, w, tt.who), tt.method, tt.path, tt.body), tt.status, tt.part)
		})
	}
}

// Whoever may not is told so in the words of what they asked.
func TestWhoMay(t *testing.T) {
	reader := Identity{Caller: vif.Caller{User: "ops"}, Role: Reader}
	checkPermitted(t, []permitted{
		{"stranger: versions", "GET", "/v2.1/", "", Identity{}, 200, `"v2.1"`},
		{"stranger: health", "GET", "/healthz", "", Identity{}, 200, `"alive": true`},
		{"stranger: compute", "GET", interfaces1, "", Identity{}, 403, `{"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:os-attach-interfaces:list to be performed."}}`},
		{"stranger: no route", "GET", "/v2.1/nothing", "", Identity{}, 403, `"forbidden"`},
		{"stranger: networks", "GET", "/v2.0/networks", "", Identity{}, 403, `{"NeutronError": {"type": "PolicyNotAuthorized"`},
		{"stranger: own", "GET", "/v1/status", "", Identity{}, 403, `{"error": {"code": 403, "kind": "forbidden"`},
		{"reader: list", "GET", interfaces1, "", reader, 200, `"interfaceAttachments"`},
		{"reader: servers of all", "GET", "/v2.1/servers", "", reader, 200, vmo},
		{"reader: attach", "POST", interfaces1, "{}", reader, 403, `{"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:os-attach-interfaces:create to be performed."}}`},
		{"reader: detach", "DELETE", interfaces1 + "/" + portA, "", reader, 403, `"forbidden"`},
		{"reader: attach what is no body", "POST", interfaces1, `{"x":1}`, reader, 400, `('x' was unexpected)`},
		{"reader: attach to no server", "POST", "/v2.1/servers/none/os-interface", "{}", reader, 404, `Instance none could not be found.`},
		{"reader: detach from no server", "DELETE", "/v2/servers/none/os-interface/x", "", reader, 404, `Instance none could not be found.`},
		{"reader: lock what is no server", "POST", "/v2.1/servers/none/action", `{"lock":null}`, reader, 404, `Instance none`},
		{"reader: no such action", "POST", "/v2.1/servers/" + vm1 + "/action", `{"reboot":null}`, reader, 400, `There is no such action`},
		{"reader: Rackspace", "POST", "/v2/servers/none/os-virtual-interfacesv2", `{"virtual_interface":{"network_id":"` + net89 + `"}}`, reader, 404, `Instance none`},
		{"reader: what is no JSON", "POST", "/v2.0/networks", `{`, reader, 400, `Malformed`},
		{"stranger: what is no JSON", "POST", interfaces1, `{`, Identity{}, 403, `os-attach-interfaces:create`},
		{"stranger: no server", "POST", "/v2.1/servers/none/os-interface", `{}`, Identity{}, 403, `os-attach-interfaces:create`},
		{"reader: make a network", "POST", "/v2.0/networks", `{"network":{}}`, reader, 403, `"PolicyNotAuthorized"`},
		{"admin: any project", "GET", "/v2.1/abc-123/servers/" + vm1, "", identities["admin"], 200, `"href": "http://nova/v2.1/abc-123/servers/` + vm1},
	})
}

// A member may change what is the project's, and see what is shared with it.
func TestWhatMembersMay(t *testing.T) {
	checkPermitted(t, []permitted{
		{"member: own project in the path", "GET", "/v2.1/" + project + "/servers/" + vm1, "", identities["member"], 200, vm1},
		{"member: another's project", "GET", "/v2.1/" + other + "/servers/" + vm1, "", identities["member"], 400,
			`Malformed request URL: URL's project_id '` + other + `' doesn't match Context's project_id '` + project + `'`},
		{"member: what is no project", "GET", "/v2.1/Project/servers/" + vm1, "", identities["member"], 404, `404 Not Found`},
		{"member: servers of its own", "GET", "/v2.1/servers?name=vmo", "", identities["member"], 200, `{"servers": []}`},
		{"member: networks of its own", "GET", "/v2.0/networks?id=" + netOther, "", identities["member"], 200, `{"networks": []}`},
		{"member: another's network", "GET", "/v2.0/networks/" + netOther, "", identities["member"], 404, `"NetworkNotFound"`},
		{"member: a subnet there", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + netOther + `","cidr":"10.9.0.0/24"}}`, identities["member"], 404, `"NetworkNotFound"`},
		{"member: a port there", "POST", "/v2.0/ports", `{"port":{"network_id":"` + netOther + `"}}`, identities["member"], 404, `"NetworkNotFound"`},
		{"member: make a network", "POST", "/v2.0/networks", `{"network":{"name":"x"}}`, identities["member"], 403, `{"NeutronError": {"type": "PolicyNotAuthorized", "message": "rule:create_network is disallowed by policy", "detail": ""}}`},
		{"member: make one at the base of compute", "POST", "/v2.1/networks", `{"network":{"name":"x"}}`, identities["member"], 403, `rule:create_network is`},
		{"member: an unguarded network", "POST", "/v2.0/networks", `{"network":{"port_security_enabled":false}}`, identities["member"], 403, `rule:create_network is`},
		{"member: lift the guard of its own", "PUT", "/v2.0/networks/" + net88, `{"network":{"port_security_enabled":false}}`, identities["member"], 403, `rule:update_network:port_security_enabled is disallowed by policy`},
		{"member: share its own", "PUT", "/v2.0/networks/" + net88, `{"network":{"shared":true}}`, identities["member"], 403, `rule:update_network:shared is`},
		{"member: rename its own", "PUT", "/v2.0/networks/" + net88, `{"network":{"name":"x"}}`, identities["member"], 200, `"name": "x"`},
		{"member: a MAC of its choice", "POST", "/v2.0/ports", `{"port":{"network_id":"` + net88 + `","mac_address":"fa:16:3e:00:00:07"}}`, identities["member"], 403,
			`{"NeutronError": {"type": "PolicyNotAuthorized", "message": "rule:create_port:mac_address is disallowed by policy", "detail": ""}}`},
		{"member: an unguarded port", "POST", "/v2.0/ports", `{"port":{"network_id":"` + net88 + `","port_security_enabled":false}}`, identities["member"], 403, `rule:create_port:port_security_enabled is`},
		{"member: lift the guard of its port", "PUT", "/v2.0/ports/" + portA, `{"port":{"port_security_enabled":false}}`, identities["member"], 403, `rule:update_port:port_security_enabled is`},
		{"member: a subnet for another", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net88 + `","cidr":"10.9.0.0/24","project_id":"` + other + `"}}`, identities["member"], 403, `rule:create_subnet:project_id is`},
		{"member: attachments of its own", "GET", "/v1/attachments", "", identities["other"], 200, `{"attachments": []}`},
		{"member: another's attachment", "DELETE", "/v1/attachments/" + portVM2, "", identities["other"], 404, `is not attached`},
		{"member: a shared network", "GET", "/v2.0/networks/" + net89, "", identities["other"], 200, `"shared": true`},
		{"member: its subnet", "GET", "/v2.0/subnets/" + sub89, "", identities["other"], 200, sub89},
		{"member: change it", "PUT", "/v2.0/networks/" + net89, `{"network":{"name":"mine"}}`, identities["other"], 403, `rule:update_network is disallowed by policy`},
		{"member: delete it", "DELETE", "/v2.0/networks/" + net89, "", identities["other"], 403, `rule:delete_network is`},
		{"member: a subnet on it", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net89 + `","cidr":"10.9.0.0/24"}}`, identities["other"], 403, `rule:create_subnet is disallowed by policy`},
		{"member: a port on it", "POST", "/v2.0/ports", `{"port":{"network_id":"` + net89 + `"}}`, identities["other"], 201, `"project_id": "` + other + `"`},
	})
}

// A 403 has the version that was agreed on, and comes after what is wrong with it.
func TestForbiddenInAVersion(t *testing.T) {
	for _, role := range []Role{Nobody, Reader} {
		a := serve(t, recordedWorld(), Identity{Caller: vif.Caller{User: "ops"}, Role: role})
		got := ask(a, "POST", interfaces1, "{}", versionHeader, "compute 2.70")
		want(t, got, 403, `os-attach-interfaces:create`)
		h := got.Header()
		if h.Get(versionHeader) != "compute 2.70" || h.Get(legacyHeader) != "2.70" || strings.Join(h["Vary"], ", ") != versionHeader+", "+legacyHeader {
			t.Errorf("role %d: headers %v", role, h)
		}
		want(t, ask(a, "POST", interfaces1, "{}", versionHeader, "compute 2.999"), 406, `Version 2.999 is not supported`)
		want(t, ask(a, "POST", interfaces1, "{}", versionHeader, "compute x"), 400, `is of invalid format`)
	}
	a := serve(t, recordedWorld(), Identity{Caller: vif.Caller{User: "ops"}, Role: Reader})
	want(t, ask(a, "POST", interfaces1, "{}", "Content-Type", "text/xml"), 415, `Unsupported Content-Type`)
}

// What an admin makes in a project's path belongs to that project.
func TestProjectOfPath(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["admin"])
	want(t, ask(a, "POST", "/v2.1/"+other+"/servers/"+vm1+"/os-interface", `{}`), 200, netOther)
	want(t, ask(a, "POST", interfaces1, `{"interfaceAttachment":{"net_id":"`+net88+`"}}`), 200, "")
	if got := w.attached[0].Port.Project; got != other {
		t.Errorf("project %q", got)
	}
	if got := w.attached[1].Port.Project; got != project {
		t.Errorf("without a project in the path: %q, want the server's", got)
	}
}

// What a web page may have sent is refused, at the socket and at a door with names.
// A browser may come to a name that stands for the door.
func TestFromPages(t *testing.T) {
	a, named := serve(t, recordedWorld(), identities["admin"]), caller(identities["admin"])
	for _, tt := range []struct {
		header, value, host string
		socket, door        bool // whether it is refused there
	}{
		{"Accept", "*/*", "vifd", false, true},
		{"User-Agent", "openstacksdk/0.101", "nova:8774", false, false},
		{"User-Agent", "Mozilla/5.0", "localhost:8774", false, false},
		{"User-Agent", "Mozilla/5.0", "[::1]:8774", false, false},
		{"User-Agent", "Mozilla/5.0", "nova:8774", true, false},
		{"User-Agent", "Mozilla/5.0", "127.0.0.1", false, false},
		{"User-Agent", "Mozilla/5.0", "evil.example", true, true},
		{"Sec-Fetch-Site", "same-origin", "nova", true, false},
		{"Sec-Fetch-Site", "none", "NOVA", true, false},
		{"Sec-Fetch-Site", "same-origin", "rebound.example", true, true},
		{"Sec-Fetch-Site", "cross-site", "nova", true, true},
		{"Sec-Fetch-Site", "same-site", "localhost", true, true},
		{"Origin", "http://nova", "nova", true, true},
		{"Origin", "null", "localhost", true, true},
		{"Referer", "http://evil.example/x", "nova", true, true},
		{"Referer", "http://nova/x", "nova", false, false},
		{"Referer", ":", "nova", true, true},
	} {
		r := httptest.NewRequest("GET", "http://"+tt.host+interfaces1, nil)
		r.Header.Set(tt.header, tt.value)
		for _, way := range []struct {
			name    string
			sent    *http.Request
			refused bool
		}{{"socket", r, tt.socket}, {"door", remote(r, named, ""), tt.door}} {
			got := httptest.NewRecorder()
			a.ServeHTTP(got, way.sent)
			if (got.Code == 403) != way.refused || got.Code != 403 && got.Code != 200 {
				t.Errorf("%s: %s to %s at the %s: %d %s", tt.header, tt.value, tt.host, way.name, got.Code, got.Body)
			}
		}
	}
}

// Nobody gets an identity from the headers that OpenStack's middleware sets.
func TestDropIdentity(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	for _, name := range []string{
		"X-Roles", "X-Role", "X-User-Id", "X-User", "X-Project-Id", "X-Tenant-Name", "X-Identity-Status", "X-Domain-Id",
		"X-Is-Admin-Project", "X-Service-Roles", "OpenStack-System-Scope",
	} {
		r.Header.Set(name, "admin")
	}
	r.Header.Set("X-Auth-Token", "kept")
	r.Header.Set("Accept", "kept")
	dropIdentity(r.Header)
	if len(r.Header) != 2 {
		t.Errorf("kept %v", r.Header)
	}
}

// believer is a Who that believes the headers that it gets.
type believer struct{ caller }

func (b believer) Identify(r *http.Request) (Identity, error) {
	if r.Header.Get("X-Roles") == "admin" {
		return identities["admin"], nil
	}
	return Identity(b.caller), nil
}

// Not even a Who that believes headers gets to see them.
func TestHeadersAreDroppedFirst(t *testing.T) {
	a := serve(t, recordedWorld(), Identity{})
	a.Who = believer{}
	want(t, ask(a, "GET", interfaces1, "", "X-Roles", "admin"), 403, `"forbidden"`)
}

// While vifd is not ready, changes are refused and reads go on.
func TestNotReady(t *testing.T) {
	w := recordedWorld()
	w.why = "looking at what is there"
	a := serve(t, w, identities["admin"])
	for _, tt := range []struct {
		method, path, body string
		status             int
		part               string
	}{
		{"POST", interfaces1, "{}", 503, `{"serviceUnavailable": {"code": 503, "message": "vifd takes no changes now: looking at what is there"}}`},
		{"DELETE", interfaces1 + "/" + portA, "", 503, `looking`},
		{"POST", "/v2.0/networks", `{"network":{}}`, 503, `"ServiceUnavailable"`},
		{"POST", "/v1/attachments", `{"server":"vm1"}`, 503, `"kind": "backend unavailable"`},
		{"GET", "/readyz", "", 503, `{"ready": false, "why": "looking at what is there"}`},
		{"GET", "/healthz", "", 200, `"alive": true`},
		{"GET", interfaces1, "", 200, `"interfaceAttachments"`},
		{"GET", "/v1/status", "", 200, `"ready": false, "why": "looking`},
	} {
		got := ask(a, tt.method, tt.path, tt.body)
		want(t, got, tt.status, tt.part)
		if (got.Header().Get("Retry-After") == "1") != (tt.status == 503) {
			t.Errorf("%s %s: Retry-After %q", tt.method, tt.path, got.Header().Get("Retry-After"))
		}
	}
	w.why = ""
	want(t, ask(a, "GET", "/readyz", ""), 200, `"ready": true`)
}
