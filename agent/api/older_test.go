package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"vifd/vif"
)

const interfaces20 = "/v2/" + project + "/servers/" + vm1 + "/os-interface"

// Compute 2.0 has four bodies, and lets be what it does not know of them.
func TestOlderBodies(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		part       string
	}{
		{"port", `{"interfaceAttachment":{"port_id":"` + portA + `"}}`, 200, `"port_id": "` + portA + `"`},
		{"network", `{"interfaceAttachment":{"net_id":"` + net89 + `"}}`, 200, `"net_id": "` + net89 + `"`},
		{"address", `{"interfaceAttachment":{"net_id":"` + net89 + `","fixed_ips":[{"ip_address":"10.89.0.7"}]}}`, 200, `"10.89.0.7"`},
		{"nothing", `{"interfaceAttachment":{}}`, 400, `Multiple possible networks found`},
		{"nothing at all", `{}`, 400, `Multiple possible networks found`},
		{"unknown beside known", `{"interfaceAttachment":{"net_id":"` + net89 + `","x":1},"y":2}`, 200, `"net_id": "` + net89},
		{"unknown in an address", `{"interfaceAttachment":{"net_id":"` + net89 + `","fixed_ips":[{"ip_address":"10.89.0.7","x":1}]}}`, 200, `"10.89.0.7"`},
		{"only unknown", `{"interfaceAttachment":{"x":1}}`, 400, `Multiple possible networks found`},
		{"only unknown at the top", `{"x":1}`, 400, `Multiple possible networks found`},
		{"only unknown in an address", `{"interfaceAttachment":{"net_id":"` + net89 + `","fixed_ips":[{"x":1}]}}`, 400, `'ip_address' is a required property`},
		{"known and wrong", `{"interfaceAttachment":{"net_id":"x","y":1}}`, 400, `Invalid input for field/attribute net_id. Value: x. 'x' is not a 'uuid'`},
		{"known and of no type", `{"interfaceAttachment":{"port_id":{"x":1}}}`, 400, `{'x': 1} is not of type 'string'`},
		{"a list", `{"interfaceAttachment":[{"x":1}]}`, 400, `[{'x': 1}] is not of type 'object'`},
		{"no body", ``, 400, `None is not of type 'object'`},
		{"not JSON", `{`, 400, `{"badRequest": {"code": 400, "message": "Malformed request body"}}`},
		{"a tag that is wrong", `{"interfaceAttachment":{"tag":"a/b"}}`, 400, `'a/b'`},
		{"a tag that is not one", `{"interfaceAttachment":{"tag":7}}`, 400, `Multiple possible networks found`},
		{"both ids", `{"interfaceAttachment":{"net_id":"` + net89 + `","port_id":"` + portA + `"}}`, 400, `{"badRequest": {"code": 400, "message": "Must not input both network_id and port_id"}}`},
		{"an address without a network", `{"interfaceAttachment":{"fixed_ips":[{"ip_address":"10.89.0.7"}]}}`, 400, `Must input network_id`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(serve(t, recordedWorld(), identities["member"]), "POST", interfaces20, tt.body, versionHeader, "compute 2.70")
			want(t, got, tt.status, tt.part)
			if strings.Contains(got.Body.String(), `"tag"`) {
				t.Errorf("shows a tag: %s", got.Body)
			}
		})
	}
}

// As in Nova, an object of which nothing is known is read as it is, and what is
// not known beside what is gets lost.
func TestOlderTags(t *testing.T) {
	w := recordedWorld()
	w.networks = w.networks[:1]
	a := serve(t, w, identities["member"])
	want(t, ask(a, "POST", interfaces20, `{"interfaceAttachment":{"tag":"kept"}}`), 200, net88)
	want(t, ask(a, "POST", interfaces20, `{"interfaceAttachment":{"net_id":"`+net88+`","tag":"lost"}}`), 200, net88)
	if w.attached[0].Tag != "kept" || w.attached[1].Tag != "" {
		t.Errorf("tags:\n%v", w)
	}
}

// What was wrong, and what Compute 2.0 says of it: each row of its table.
func TestOlderFaults(t *testing.T) {
	const net = `{"interfaceAttachment":{"net_id":"` + net89 + `"}}`
	for _, tt := range []struct {
		name   string
		body   string
		before func(w *world)
		status int
		answer string
	}{
		{"port in use", `{"interfaceAttachment":{"port_id":"` + portHeld + `"}}`, nil, 400,
			`{"badRequest": {"code": 400, "message": "Port ` + portHeld + ` is still in use."}}`},
		{"address in use", net, failing(vif.InUse.Because("Fixed IP 10.89.0.7 is already in use.")), 400,
			`{"badRequest": {"code": 400, "message": "Fixed IP 10.89.0.7 is already in use."}}`},
		{"several networks", net, failing(vif.Ambiguous), 400, `"badRequest"`},
		{"no address left", net, failing(vif.Exhausted.Because("No fixed IP addresses available for network: n")), 400, `"badRequest"`},
		{"bad address", net, failing(vif.Invalid.Because("bad")), 400, `{"badRequest": {"code": 400, "message": "bad"}}`},
		{"forbidden", net, failing(vif.Forbidden.Because("no")), 403, `{"forbidden": {"code": 403, "message": "no"}}`},
		{"locked", net, func(w *world) { w.servers[0].Locked = true }, 409,
			`{"conflictingRequest": {"code": 409, "message": "Instance ` + vm1 + ` is locked"}}`},
		{"suspended", net, func(w *world) { w.servers[0].State = vif.ServerSuspended }, 409,
			`{"conflictingRequest": {"code": 409, "message": "Cannot 'attach_interface' instance ` + vm1 + ` while it is in vm_state suspended"}}`},
		{"no slot", net, failing(vif.NoSlot.Because("no free slot")), 409, `"conflictingRequest"`},
		{"unknown port", `{"interfaceAttachment":{"port_id":"00000000-dead-beef-0000-000000000000"}}`, nil, 500,
			`{"computeFault": {"code": 500, "message": "Port id 00000000-dead-beef-0000-000000000000 could not be found."}}`},
		{"unknown network", `{"interfaceAttachment":{"net_id":"00000000-dead-beef-0000-000000000000"}}`, nil, 500,
			`{"computeFault": {"code": 500, "message": "Network 00000000-dead-beef-0000-000000000000 could not be found."}}`},
		{"failed", net, failing(errors.New("plug: /var/run")), 500,
			`{"computeFault": {"code": 500, "message": "Failed to attach interface"}}`},
		{"not by this driver", net, failing(vif.Unsupported.Because("Network driver does not support this function.")), 501,
			`{"notImplemented": {"code": 501, "message": "Network driver does not support this function."}}`},
		{"no switch", net, failing(fmt.Errorf("plug: %w", vif.Unavailable)), 503, `"serviceUnavailable"`},
		{"not ready", net, func(w *world) { w.why = "it looks at the host" }, 503, `it looks at the host`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			if tt.before != nil {
				tt.before(w)
			}
			got := ask(serve(t, w, identities["member"]), "POST", interfaces20, tt.body)
			want(t, got, tt.status, tt.answer)
			if len(w.attached) != 0 {
				t.Errorf("attached:\n%v", w)
			}
		})
	}
}

// failing has every change of a world answered with err.
func failing(err error) func(*world) { return func(w *world) { w.fail = err } }

// Who may not, and what is not there.
func TestOlderRefusals(t *testing.T) {
	reader := Identity{Caller: vif.Caller{User: "ro", Project: project}, Role: Reader}
	for _, tt := range []struct {
		name         string
		who          Identity
		method, path string
		status       int
		part         string
	}{
		{"nobody", Identity{}, "GET", interfaces20, 403, `"forbidden"`},
		{"a reader changes nothing", reader, "POST", interfaces20, 403, `"forbidden"`},
		{"another's project in the path", identities["other"], "GET", interfaces20, 400, `Malformed request URL: URL's project_id`},
		{"another's server", identities["other"], "GET", "/v2/servers/" + vm1 + "/os-interface", 404, `Instance ` + vm1 + ` could not be found.`},
		{"no project", identities["member"], "GET", "/v2/nonsense!/servers", 404, `The resource could not be found.`},
		{"unknown server", identities["member"], "GET", "/v2/servers/x/os-interface", 404, `"itemNotFound": {"code": 404, "message": "Instance x could not be found."`},
		{"unknown port", identities["member"], "GET", interfaces20 + "/x", 404, `Port id x could not be found.`},
		{"a port of nobody's", identities["member"], "DELETE", interfaces20 + "/" + portA, 404, `does not have a port with id`},
		{"an unknown method", identities["member"], "PUT", interfaces20, 404, `The resource could not be found.`},
		{"a trailing slash", identities["member"], "GET", interfaces20 + "/", 404, `The resource could not be found.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(serve(t, recordedWorld(), tt.who), tt.method, tt.path, `{"interfaceAttachment":{}}`)
			want(t, got, tt.status, tt.part)
		})
	}
}

// The resources are those of 2.1, in the shape that they had before there were
// microversions, and with addresses below /v2.
func TestOlderResources(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, portA, "nic-a")
	a := serve(t, w, identities["member"])
	for _, tt := range []struct {
		method, path string
		status       int
		parts        []string
	}{
		{"GET", "/v2/servers", 200, []string{`"href": "http://nova/v2/servers/` + vm1 + `"`, `"href": "http://nova/servers/` + vm1 + `"`}},
		{"GET", "/v2/" + project + "/servers", 200, []string{`"href": "http://nova/v2/` + project + `/servers/` + vm1 + `"`}},
		{"GET", "/v2/servers/detail?name=vm1", 200, []string{`"OS-EXT-STS:vm_state": "active"`, `"flavor": {"id": `, `"addr": "10.88.0.4"`}},
		{"GET", "/v2/servers/" + vm1, 200, []string{`"id": "` + vm1 + `"`, `"metadata": {}`}},
		{"GET", "/v2/servers/" + vm1 + "/ips", 200, []string{`{"addresses": {"peer-net88": [{"version": 4, "addr": "10.88.0.4"}]}}`}},
		{"GET", interfaces20 + "/" + portA, 200, []string{`"port_id": "` + portA + `"`}},
		{"DELETE", interfaces20 + "/" + portA, 202, []string{""}},
	} {
		got := ask(a, tt.method, tt.path, "", versionHeader, "compute 2.999", legacyHeader, "bogus")
		for _, part := range tt.parts {
			want(t, got, tt.status, part)
		}
		for _, name := range []string{versionHeader, legacyHeader, "Vary"} {
			if got.Header().Get(name) != "" {
				t.Errorf("%s: %s in the answer to %s", name, got.Header().Get(name), tt.path)
			}
		}
		for _, newer := range []string{`"tag`, `"locked`, `"description`, `"original_name"`} {
			if strings.Contains(got.Body.String(), newer) {
				t.Errorf("%s has %s: %s", tt.path, newer, got.Body)
			}
		}
		if got.Header().Get("X-Compute-Request-Id") == "" {
			t.Errorf("%s has no id", tt.path)
		}
	}
}
