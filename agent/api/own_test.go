package api

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"vifd/vif"
)

func TestAttachments(t *testing.T) {
	w := recordedWorld()
	w.servers = append(w.servers, vif.Server{ID: "77777777-0000-4000-8000-000000000001", Name: "vm2", State: vif.ServerActive})
	w.servers[0].Project = ""
	a := serve(t, w, identities["admin"])
	for _, tt := range []struct {
		name, method, path, body, accept string
		status                           int
		part                             string
	}{
		{"by names", "POST", "/v1/attachments", `{"server":"vm1","network":"net89","tag":"x","mac":"FA:16:3E:00:00:99"}`, "", 200, `"mac": "fa:16:3e:00:00:99", "fixed_ips": [{"subnet": "` + sub89 + `", "address": "10.89.0.11"}]`},
		{"by IDs", "POST", "/v1/attachments", `{"server":"` + strings.ToUpper(vm1) + `","port":"` + portA + `"}`, "", 200, `{"attachment": {"port": {"id": "` + portA + `"`},
		{"again", "POST", "/v1/attachments", `{"server":"vm1","port":"` + portA + `"}`, "", 409, `{"error": {"code": 409, "kind": "already in use", "message": "Port ` + portA + ` is still in use.", "request_id": "req-`},
		{"list", "GET", "/v1/attachments", "", "", 200, `"tag": "x"`},
		{"list by server", "GET", "/v1/attachments?server=vmo", "", "", 200, `{"attachments": []}`},
		{"list by nobody", "GET", "/v1/attachments?server=who", "", "", 404, `there is no server with the ID or the name 'who'`},
		{"show", "GET", "/v1/attachments/" + strings.ToUpper(portA), "", "", 200, `"state": "ACTIVE"`},
		{"show none", "GET", "/v1/attachments/" + portB, "", "", 404, `is not attached`},
		{"plan", "POST", "/v1/attachments", `{"server":"vm1","network":"net89","dry_run":true}`, "", 200, `{"plan": [{"step": "tap", "does": "make a tap for ` + vm1 + `"}]}`},
		{"step by step", "POST", "/v1/attachments", `{"server":"vm1","port":"` + portB + `"}`, ndjson, 200, "{\"step\": \"claim\", \"ms\": 0.5}\n{\"step\": \"show\", \"ms\": 20}\n{\"attachment\": {\"port\": {\"id\": \"" + portB},
		{"no step at all", "POST", "/v1/attachments", `{"server":"vm1","port":"` + portB + `"}`, ndjson, 409, `{"error": {"code": 409`},
		{"two of a name", "POST", "/v1/attachments", `{"server":"vm2"}`, "", 400, `more than one server has the name 'vm2': use one of the IDs ` + vm2 + `, 77777777-0000-4000-8000-000000000001`},
		{"no server", "POST", "/v1/attachments", `{}`, "", 400, `'server' is a required property`},
		{"unknown member", "POST", "/v1/attachments", `{"server":"vm1","net":"blue"}`, "", 400, `('net' was unexpected)`},
		{"both", "POST", "/v1/attachments", `{"server":"vm1","network":"net89","port":"` + portC + `"}`, "", 400, `Must not input both`},
		{"a port has its MAC", "POST", "/v1/attachments", `{"server":"vm1","port":"` + portC + `","mac":"fa:16:3e:00:00:98"}`, "", 400, `a port has its own`},
		{"a tag", "POST", "/v1/attachments", `{"server":"vm1","network":"net89","tag":"a/b"}`, "", 400, `does not match`},
		{"link down", "PATCH", "/v1/ports/" + portB, `{"link_state":"down"}`, "", 200, `"link_state": "down", "pci": "", "state": "DOWN"`},
		{"link up", "PATCH", "/v1/ports/" + portB + "?server=vm1", `{"link_state":"up"}`, "", 200, `"link_state": "up", "pci": "", "state": "ACTIVE"`},
		{"link sideways", "PATCH", "/v1/ports/" + portB, `{"link_state":"left"}`, "", 400, `'left' is not one of ['up', 'down']`},
		{"link of nothing", "PATCH", "/v1/ports/" + portC, `{"link_state":"up"}`, "", 404, `is not attached`},
		{"link without a state", "PATCH", "/v1/ports/" + portB, `{}`, "", 400, `'link_state' is a required property`},
		{"detach", "DELETE", "/v1/attachments/" + portB + "?server=vm1", "", ndjson, 200, "{\"step\": \"note\", \"ms\": 1}\n{\"step\": \"hide\", \"ms\": 100}\n{\"detached\": \"" + portB + "\"}\n"},
		{"detach elsewhere", "DELETE", "/v1/attachments/" + portA + "?server=vmo", "", "", 404, `is not attached`},
		{"detach without a server", "DELETE", "/v1/attachments/" + portA, "", "", 200, `{"detached": "` + portA + `"}`},
		{"detach again", "DELETE", "/v1/attachments/" + portA, "", "", 404, `is not attached`},
		{"status", "GET", "/v1/status", "", "", 200, `"host": "host1", "servers": 5, "attachments": {"ACTIVE": 1, "BUILD": 0, "DOWN": 0, "ERROR": 0}`},
		{"nothing", "GET", "/v1/nothing", "", "", 404, `there is no GET /v1/nothing`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want(t, ask(a, tt.method, tt.path, tt.body, "Accept", tt.accept), tt.status, tt.part)
		})
	}
}

// A guest that does not let go leaves the answer open.
func TestPendingDetach(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, portA, "")
	w.stubborn = make(chan struct{})
	a := serve(t, w, identities["admin"])
	a.detaches.cancel() // as after the time of a detach
	want(t, ask(a, "DELETE", "/v1/attachments/"+portA, ""), 202, `{"error": {"code": 202, "kind": "not finished yet", "message": "the guest has not let go of port `+portA)
	want(t, ask(a, "GET", "/v1/attachments/"+portA, ""), 200, `"state": "BUILD"`)
	want(t, ask(a, "GET", "/v1/status", ""), 200, `"operations": 1, "host"`)
}

// A step that is told after the answer's end is not sent any more.
func TestLateProgress(t *testing.T) {
	a := serve(t, recordedWorld(), identities["admin"])
	r := httptest.NewRequest("POST", "/v1/attachments", nil)
	r.Header.Set("Accept", ndjson)
	w := httptest.NewRecorder()
	var tell func(vif.Progress)
	answer, err := a.streamed(a.newCall(w, r), func(onProgress func(vif.Progress)) (reply, error) {
		tell = onProgress
		tell(vif.Progress{Step: "tap"})
		return reply{}, errors.New("secret")
	})
	if err != nil || !answer.sent {
		t.Errorf("answer %+v, %v", answer, err)
	}
	sent := w.Body.String()
	if tell(vif.Progress{Step: "late"}); w.Body.String() != sent {
		t.Errorf("sent %s", w.Body)
	}
	if !strings.Contains(sent, `"code": 500, "kind": "internal error", "message": "internal error; the cause is in the log`) || strings.Contains(sent, "secret") {
		t.Errorf("sent %s", sent)
	}
}

// A server whose memory is on the disk gets its NICs back with it, and could not
// start without them. Only what is on its way out already may be asked for again.
func TestDetachFromSuspended(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, portA, "")
	w.servers[0].State = vif.ServerSuspended
	a := serve(t, w, identities["admin"])
	want(t, ask(a, "DELETE", "/v1/attachments/"+portA, ""), 409, "Cannot 'detach_interface' instance "+vm1+" while it is in vm_state suspended")
	want(t, ask(a, "GET", "/v1/attachments/"+portA, ""), 200, `"state": "ACTIVE"`)
	w.attached[0].State = vif.Build
	want(t, ask(a, "DELETE", "/v1/attachments/"+portA, ""), 200, `{"detached": "`+portA+`"}`)
}

// Two who ask for one detach share it.
func TestSharedDetach(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, portA, "")
	w.stubborn = make(chan struct{})
	a := serve(t, w, identities["admin"])
	c := a.newCall(httptest.NewRecorder(), httptest.NewRequest("DELETE", "/", nil))
	one, two := a.startDetach(c, vm1, portA, nil), a.startDetach(c, vm1, portA, nil)
	close(w.stubborn)
	if <-one.done; one != two || one.err != nil {
		t.Errorf("%p, %p: %v", one, two, one.err)
	}
}

func TestServers(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, first, "")
	w.plug(vm1, portA, "")
	a := serve(t, w, identities["admin"])
	for _, tt := range []struct {
		name, path, version string
		status              int
		part                string
	}{
		{"list", "/v2.1/servers", "", 200, `{"servers": [{"id": "` + building + `", "name": "slow", "links": [{"rel": "self", "href": "http://nova/v2.1/servers/` + building + `"}, {"rel": "bookmark", "href": "http://nova/servers/` + building + `"}]}`},
		{"by regular expression", "/v2.1/servers?name=^vm.$", "", 200, `"name": "vmo"`},
		{"by name", "/v2.1/servers/detail?name=vm1", "", 200, `{"servers": [{"id": "` + vm1},
		{"by none", "/v2.1/servers?name=nope", "", 200, `{"servers": []}`},
		{"by a bad expression", "/v2.1/servers?name=(", "", 400, `Invalid input for query parameters name. Value: (. '(' is not a 'regex'`},
		{"a page", "/v2.1/servers?limit=1&marker=" + building, "", 200, `{"servers": [{"id": "` + vm1 + `", "name": "vm1"`},
		{"a bad page", "/v2.1/servers?limit=-1", "", 400, `'-1' does not match`},
		{"a marker of nothing", "/v2.1/servers?marker=x", "", 400, `marker [x] not found`},
		{"show", "/v2.1/servers/" + strings.ToUpper(vm1), "", 200, `"metadata": {}`},
		{"addresses", "/v2.1/servers/" + vm1, "", 200, `"addresses": {"peer-net88": [{"version": 4, "addr": "10.88.0.125", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:b9:d6:72"}, {"version": 4, "addr": "10.88.0.4"`},
		{"flavor by value", "/v2.1/servers/" + vm1, "2.47", 200, `"flavor": {"vcpus": 1, "ram": 256, "disk": 0, "ephemeral": 0, "swap": 0, "original_name": "bc7785fd-3c5f-4023-b226-df39af935f81", "extra_specs": {}}`},
		{"newest", "/v2.1/servers/" + vm1, "latest", 200, `"locked": false, "description": null, "tags": [], "trusted_image_certificates": null, "locked_reason": null, "server_groups": []`},
		{"unknown", "/v2.1/servers/vm1", "", 404, `{"itemNotFound": {"code": 404, "message": "Instance vm1 could not be found."}}`},
		{"ips", "/v2.1/servers/" + vm1 + "/ips", "", 200, `{"addresses": {"peer-net88": [{"version": 4, "addr": "10.88.0.125"}, {"version": 4, "addr": "10.88.0.4"}]}}`},
		{"ips of a network", "/v2.1/servers/" + vm1 + "/ips/peer-net88", "", 200, `{"peer-net88": [{"version": 4`},
		{"ips of another", "/v2.1/servers/" + vm1 + "/ips/net89", "", 404, `Instance is not a member of specified network`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want(t, ask(a, "GET", tt.path, "", "X-OpenStack-Nova-API-Version", tt.version), tt.status, tt.part)
		})
	}
}

// A handler that panics answers, and the next one does, too.
func TestPanic(t *testing.T) {
	a := serve(t, recordedWorld(), identities["admin"])
	a.Networking = nil
	want(t, ask(a, "GET", "/v2.1/servers/detail", ""), 500, `{"computeFault": {"code": 500, "message": "Unexpected API Error.`)
	want(t, ask(a, "GET", "/v2.1/servers", ""), 200, vm1)
}
