package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vifd/vif"
)

// ask puts a request to a; the headers are pairs of name and value.
func ask(a *API, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://nova"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// want checks an answer: its status, and a part of its body.
func want(t *testing.T, got *httptest.ResponseRecorder, status int, part string) {
	t.Helper()
	if got.Code != status || !strings.Contains(got.Body.String(), part) {
		t.Errorf("answer %d %s\nwant   %d … %s", got.Code, got.Body, status, part)
	}
}

const (
	interfaces1 = "/v2.1/servers/" + vm1 + "/os-interface"
	at249       = "2.49"
	at270       = "2.70"
)

// TestCreateInterface has the bodies that Nova does not know, or that were not
// recorded.
func TestCreateInterface(t *testing.T) {
	sixty := strings.Repeat("é", 60)
	for _, tt := range []struct {
		name, body, version string
		who                 string
		status              int
		part                string
	}{
		{"version 4", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{"ip_version":4}]}}`, "", "member", 200, `"ip_address": "10.88.0.11"`},
		{"version 6", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{"ip_version":6}]}}`, "", "member", 200, `"ip_address": "fd00:88::b"`},
		{"subnet", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{"subnet_id":"` + strings.ToUpper(sub88) + `"}]}}`, "", "member", 200, `"ip_address": "10.88.0.11"`},
		{"version and subnet", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{"subnet_id":"` + sub88 + `","ip_version":4}]}}`, "", "member", 200, `"10.88.0.11"`},
		{"both versions", `{"interfaceAttachment":{"net_id":"` + net88 + `"}}`, "", "member", 200, `"fd00:88::b"`},
		{"version 5", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{"ip_version":5}]}}`, "", "member", 400, `field/attribute ip_version. Value: 5. 5 is not one of [4, 6]`},
		{"version 4.0", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{"ip_version":4.0}]}}`, "", "member", 400, `4.0 is not of type 'integer'`},
		{"nothing of an address", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{}]}}`, "", "member", 400, `field/attribute 0. Value: {}. 'ip_address' is a required property`},
		{"address and version", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{"ip_address":"10.88.0.9","ip_version":4}]}}`, "", "member", 400, `mutually exclusive`},
		{"address with a zone", `{"interfaceAttachment":{"net_id":"` + net88 + `","fixed_ips":[{"ip_address":"fe80::1%eth0"}]}}`, "", "member", 400, `is not valid under any of the given schemas`},
		{"version without net", `{"interfaceAttachment":{"fixed_ips":[{"ip_version":4}]}}`, "", "member", 400, `Must input network_id when request IP address`},
		{"both ids", `{"interfaceAttachment":{"net_id":"` + net88 + `","port_id":"` + portA + `"}}`, "", "member", 400, `Must not input both network_id and port_id`},
		{"the form of an id before all else", `{"interfaceAttachment":{"net_id":"` + net88 + `","port_id":"x"}}`, "", "member", 400, `'x' is not a 'uuid'`},
		{"unknown network", `{"interfaceAttachment":{"net_id":"00000000-dead-beef-0000-000000000000"}}`, "", "member", 404, `"itemNotFound": {"code": 404, "message": "Network 00000000-dead-beef-0000-000000000000 could not be found."`},
		{"unknown port", `{"interfaceAttachment":{"port_id":"00000000-dead-beef-0000-000000000000"}}`, "", "member", 404, `Port id 00000000-dead-beef-0000-000000000000 could not be found.`},
		{"UUID in braces and upper case", `{"interfaceAttachment":{"port_id":"{` + strings.ToUpper(portA) + `}"}}`, "", "member", 200, `"port_id": "` + portA + `"`},
		{"server of another project", `{"interfaceAttachment":{"tag":"x"}}`, at270, "other", 404, `Instance ` + vm1 + ` could not be found.`},
		{"tag of 60", `{"interfaceAttachment":{"net_id":"` + net88 + `","tag":"` + sixty + `"}}`, at270, "member", 200, `"tag": "` + strings.Repeat(`\u00e9`, 60) + `"`},
		{"tag of 61", `{"interfaceAttachment":{"net_id":"` + net88 + `","tag":"` + sixty + `x"}}`, at249, "member", 400, `is too long`},
		{"tag of 0", `{"interfaceAttachment":{"net_id":"` + net88 + `","tag":""}}`, at249, "member", 400, `'' is too short`},
		{"tag with a comma", `{"interfaceAttachment":{"net_id":"` + net88 + `","tag":"a,b"}}`, at249, "member", 400, `'a,b' does not match '^[^,/]*$'`},
		{"tag with a line end", `{"interfaceAttachment":{"net_id":"` + net88 + `","tag":"a\n"}}`, at249, "member", 400, `control character`},
		{"tag null", `{"interfaceAttachment":{"net_id":"` + net88 + `","tag":null}}`, at249, "member", 400, `None is not of type 'string'`},
		{"security on", `{"interfaceAttachment":{"net_id":"` + net88 + `","port_security_enabled":true,"security_groups":["` + groupWeb + `"]}}`, "2.67", "member", 200, ``},
		{"security off", `{"interfaceAttachment":{"net_id":"` + net88 + `","port_security_enabled":false}}`, "", "member", 403, `"forbidden"`},
		{"security off by an admin", `{"interfaceAttachment":{"net_id":"` + net88 + `","port_security_enabled":false}}`, "", "admin", 200, ``},
		{"security off with groups", `{"interfaceAttachment":{"net_id":"` + net88 + `","port_security_enabled":false,"security_groups":["` + net89 + `"]}}`, "", "admin", 400, `security groups`},
		{"security not a flag", `{"interfaceAttachment":{"net_id":"` + net88 + `","port_security_enabled":"yes"}}`, "", "member", 400, `'yes' is not of type 'boolean'`},
		{"group not an id", `{"interfaceAttachment":{"net_id":"` + net88 + `","security_groups":["web"]}}`, "", "member", 400, `field/attribute 0. Value: web. 'web' is not a 'uuid'`},
		{"two unknown members", `{"interfaceAttachment":{"a":1,"b":2}}`, "", "member", 400, `('a', 'b' were unexpected)`},
		{"not JSON", `{"interfaceAttachment":`, "", "member", 400, `{"badRequest": {"code": 400, "message": "Malformed request body"}}`},
		{"not UTF-8", "{\"interfaceAttachment\":\"\xff\"}", "", "member", 400, `Malformed request body`},
		{"two values", `{} {}`, "", "member", 400, `Malformed request body`},
		{"too deep", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "", "member", 400, `Malformed request body`},
		{"too many parts", `{"interfaceAttachment":[` + strings.Repeat("0,", 10000) + "0]}", "", "member", 400, `Malformed request body`},
		{"a string", `"x"`, "", "member", 400, `'x' is not of type 'object'`},
		{"null", `null`, "", "member", 400, `None is not of type 'object'`},
		{"latest", `{"interfaceAttachment":{"net_id":"` + net88 + `","tag":"x"}}`, "latest", "member", 200, `"tag": "x"`},
		{"a tag, and two networks", `{"interfaceAttachment":{"tag":"x"}}`, at249, "member", 400, `Multiple possible networks found`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			w.subnets = append(w.subnets, v6subnet())
			got := ask(serve(t, w, identities[tt.who]), "POST", interfaces1, tt.body, "X-OpenStack-Nova-API-Version", tt.version)
			want(t, got, tt.status, tt.part)
			if (got.Code == 200) != (len(w.attached) == 1) {
				t.Errorf("answered %d with a world of\n%v", got.Code, w)
			}
		})
	}
}

// Nothing is refused for what a server was like a moment ago.
func TestServerSeenBefore(t *testing.T) {
	for _, tt := range []struct {
		name   string
		was    vif.Server
		is     vif.ServerState
		status int
	}{
		{"was suspended", vif.Server{ID: vm1, Project: project, State: vif.ServerSuspended}, vif.ServerActive, 200},
		{"was another project's", vif.Server{ID: vm1, Project: other, State: vif.ServerActive}, vif.ServerActive, 200},
		{"was locked", vif.Server{ID: vm1, Project: project, State: vif.ServerActive, Locked: true}, vif.ServerActive, 200},
		{"is suspended, and was so", vif.Server{ID: vm1, Project: project, State: vif.ServerSuspended}, vif.ServerSuspended, 409},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			w.servers[0].State = tt.is
			w.recent = map[string]vif.Server{vm1: tt.was}
			w.plug(vm1, portA, "nic-a")
			a := serve(t, w, identities["member"])
			want(t, ask(a, "POST", interfaces1, `{"interfaceAttachment":{"net_id":"`+net88+`"}}`), tt.status, "")
			gone := map[int]int{200: 202, 409: 409}[tt.status]
			want(t, ask(a, "DELETE", interfaces1+"/"+portA, ""), gone, "")
		})
	}
}

// The tag of a body without a network is kept; Nova loses it.
func TestOnlyNetworkKeepsTag(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["other"])
	for _, body := range []string{`{"interfaceAttachment":{"tag":"x"}}`, `{}`} {
		got := ask(a, "POST", "/v2.1/"+other+"/servers/"+vmo+"/os-interface", body, "OpenStack-API-Version", "compute 2.70")
		want(t, got, 200, `"net_id": "`+netOther+`"`)
	}
	want(t, ask(a, "GET", "/v2.1/servers/"+vmo+"/os-interface", "", "OpenStack-API-Version", "compute 2.70"), 200, `"tag": "x"`)
}

// Every kind of error of an attach has its fault.
func TestAttachFaults(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		part   string
	}{
		{vif.Invalid.Because("bad"), 400, `{"badRequest": {"code": 400, "message": "bad"}}`},
		{vif.Ambiguous, 400, `Multiple possible networks found`},
		{vif.Forbidden.Because("no"), 403, `{"forbidden": {"code": 403, "message": "no"}}`},
		{vif.NotFound, 404, `{"itemNotFound": {"code": 404, "message": "The resource could not be found."}}`},
		{vif.InUse.Because("taken"), 409, `{"conflictingRequest": {"code": 409, "message": "taken"}}`},
		{vif.WrongState.Because("off"), 409, `"conflictingRequest"`},
		{vif.NoSlot.Because("no free slot; add pcie-root-ports"), 409, `{"conflictingRequest": {"code": 409, "message": "no free slot; add pcie-root-ports"}}`},
		{vif.Exhausted.Because("No fixed IP addresses available for network: n"), 400, `"badRequest"`},
		{vif.Unsupported.Because("no multiqueue"), 400, `no multiqueue`},
		{fmt.Errorf("plug: %w", vif.Unavailable.From(errors.New("dial /run/secret.sock"), "Open vSwitch does not answer")), 503,
			`{"serviceUnavailable": {"code": 503, "message": "Open vSwitch does not answer"}}`},
		{vif.Pending, 409, `"conflictingRequest"`},
		{errors.New("nil map in /var/lib/vifd"), 500, `{"computeFault": {"code": 500, "message": "Failed to attach network adapter device to ` + vm1 + `"}}`},
	} {
		t.Run(tt.err.Error(), func(t *testing.T) {
			w := recordedWorld()
			w.fail = tt.err
			got := ask(serve(t, w, identities["member"]), "POST", interfaces1, `{"interfaceAttachment":{"net_id":"`+net88+`"}}`)
			want(t, got, tt.status, tt.part)
			if (got.Header().Get("Retry-After") != "") != (tt.status == 503) {
				t.Errorf("Retry-After %q with %d", got.Header().Get("Retry-After"), tt.status)
			}
			if strings.Contains(got.Body.String(), "secret") || strings.Contains(got.Body.String(), "/var") {
				t.Errorf("shows its cause: %s", got.Body)
			}
		})
	}
}

// A detach is accepted at once and goes on by itself; asked again meanwhile it
// is accepted again, and when it is done the port is not found.
func TestDeleteInterface(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, portA, "nic-a")
	w.stubborn = make(chan struct{})
	a := serve(t, w, identities["member"])
	path := interfaces1 + "/" + strings.ToUpper(portA)
	for range 3 {
		if got := ask(a, "DELETE", path, ""); got.Code != http.StatusAccepted || got.Body.Len() != 0 {
			t.Fatalf("answer %d %q", got.Code, got.Body)
		}
	}
	want(t, ask(a, "GET", path, ""), 200, `"port_id": "`+portA)
	w.mu.Lock()
	w.servers[0].State = vif.ServerSuspended
	w.mu.Unlock()
	if got := ask(a, "DELETE", path, ""); got.Code != http.StatusAccepted {
		t.Errorf("while detaching, suspended: %d", got.Code)
	}
	close(w.stubborn)
	a.Stop(t.Context())
	want(t, ask(a, "GET", path, ""), 404, "does not have a port with id")
	w.servers[0].State = vif.ServerActive
	want(t, ask(a, "DELETE", path, ""), 404, "does not have a port with id")
	if strings.Contains(w.String(), `for "`+vm1) {
		t.Errorf("left behind:\n%v", w)
	}
}

// Every kind has a row in every dialect.
func TestFaultTables(t *testing.T) {
	for _, k := range []vif.Kind{
		vif.Invalid, vif.Ambiguous, vif.Forbidden, vif.NotFound, vif.InUse, vif.WrongState, vif.NoSlot,
		vif.Exhausted, vif.Unsupported, vif.Unavailable, vif.Pending, vif.Internal,
	} {
		if computeKinds[k].status == 0 || networkKinds[k].status == 0 || ownKinds[k] == 0 {
			t.Errorf("%v lacks a row", k)
		}
	}
}
