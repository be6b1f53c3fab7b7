package api

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"vifd/vif"
)

func (w *world) AddAddress(_ context.Context, r vif.Request) error {
	return w.readdress(vif.AddFixedIP, r, func(p *vif.Port) bool {
		if p.Network != r.Network {
			return false
		}
		p.FixedIPs = append(slices.Clone(p.FixedIPs), vif.FixedIP{Subnet: sub88, Address: netip.MustParseAddr("10.88.0.99")})
		return true
	}, vif.NotFound.Because("Network could not be found for instance %s.", r.Server))
}

func (w *world) RemoveAddress(_ context.Context, r vif.Request, address netip.Addr) error {
	return w.readdress(vif.RemoveFixedIP, r, func(p *vif.Port) bool {
		had := len(p.FixedIPs)
		p.FixedIPs = slices.DeleteFunc(slices.Clone(p.FixedIPs), func(f vif.FixedIP) bool { return f.Address == address })
		return len(p.FixedIPs) < had
	}, vif.Invalid.Because("Instance %s does not have fixed IP address '%s'.", r.Server, address))
}

func (w *world) SetAddresses(_ context.Context, r vif.Request, want []vif.FixedIP) error {
	if w.leave != nil {
		w.leave()
	}
	return w.readdress(vif.UpdatePort, r, func(p *vif.Port) bool {
		if p.ID != r.Port {
			return false
		}
		p.FixedIPs = want
		return true
	}, vif.InUse.Because("Port %s is on its way.", r.Port))
}

func (w *world) readdress(kind string, r vif.Request, change func(*vif.Port) bool, none error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return w.fail
	}
	for i := range w.attached {
		if w.attached[i].Server == r.Server && change(&w.attached[i].Port) {
			if at := slices.IndexFunc(w.ports, func(p vif.Port) bool { return p.ID == w.attached[i].Port.ID }); at >= 0 {
				w.ports[at].FixedIPs = w.attached[i].Port.FixedIPs
			}
			return w.end(w.begin(kind, r), nil)
		}
	}
	return none
}

func TestFixedIPActions(t *testing.T) {
	full := vif.Exhausted.Because("No fixed IP addresses available for network: " + net88)
	add, took := fmt.Sprintf(`{"addFixedIp":{"networkId":%q}}`, net88), `{"removeFixedIp":{"address":"10.88.0.99"}}`
	for _, tt := range []struct {
		name, body, version string
		fail                error
		status              int
		part                string
	}{
		{"added", add, "2.1", nil, 202, ""},
		{"added at the end", add, "2.43", nil, 202, ""},
		{"too new", add, "2.44", nil, 404, "The resource could not be found."},
		{"no such network", `{"addFixedIp":{"networkId":"` + sub88 + `"}}`, "2.1", nil, 404, "Network could not be found for instance " + vm1 + "."},
		{"no network at all", `{"addFixedIp":{}}`, "2.1", nil, 400, "'networkId' is a required property"},
		{"something else", `{"addFixedIp":{"networkId":"` + net88 + `","x":1}}`, "2.1", nil, 400, "('x' was unexpected)"},
		{"none left", add, "2.1", full, 400, full.Error()},
		{"no switch", add, "2.1", vif.Unavailable.Because("Open vSwitch does not answer"), 503, "Open vSwitch"},
		{"not had", took, "2.43", nil, 400, "Instance " + vm1 + " does not have fixed IP address '10.88.0.99'."},
		{"no address", `{"removeFixedIp":{"address":"ten"}}`, "2.1", nil, 400, "'ten' is not valid under any of the given schemas"},
		{"removed when it is gone", took, "2.44", nil, 404, "The resource could not be found."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			w.plug(vm1, first, "")
			w.fail = tt.fail
			a := serve(t, w, identities["admin"])
			want(t, ask(a, "POST", action1, tt.body, "X-OpenStack-Nova-API-Version", tt.version), tt.status, tt.part)
		})
	}
}

// The addresses of a port that a server has change in its filter too, or nothing does.
func TestPortChangesAddresses(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, first, "")
	a := serve(t, w, identities["admin"])
	port, change := "/v2.0/ports/"+first, `{"port":{"name":"new","fixed_ips":[{"ip_address":"10.88.0.99","subnet_id":"`+sub88+`"}]}}`
	want(t, ask(a, "PUT", port, change), 200, `"fixed_ips": [{"subnet_id": "`+sub88+`", "ip_address": "10.88.0.99"}]`)
	want(t, ask(a, "GET", "/v2.1/servers/"+vm1+"/os-interface", ""), 200, `"ip_address": "10.88.0.99"`)
	want(t, ask(a, "GET", "/v2.1/servers/"+vm1+"/os-instance-actions", ""), 200, `"action": "update_port"`)
	w.attached = nil
	want(t, ask(a, "PUT", port, strings.NewReplacer("new", "newer", "99", "98").Replace(change)), 409, "is on its way")
	want(t, ask(a, "GET", port, ""), 200, `"name": "new"`)
}

// A change of addresses that fails leaves a port's name, too, as it was, though its
// caller has left.
func TestPortChangesForNobody(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, first, "")
	w.attached = nil
	a := serve(t, w, identities["admin"])
	ctx, leave := context.WithCancel(t.Context())
	w.leave = leave
	r := httptest.NewRequest("PUT", "http://nova/v2.0/ports/"+first, strings.NewReader(`{"port":{"name":"new","fixed_ips":[{"ip_address":"10.88.0.98"}]}}`))
	a.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
	if ctx.Err() == nil {
		t.Fatal("the addresses were not asked for")
	}
	if got := ask(a, "GET", "/v2.0/ports/"+first, ""); got.Code != 200 || strings.Contains(got.Body.String(), `"new"`) {
		t.Errorf("the port is %s", got.Body)
	}
}

// An address that was added is shown, and can be taken away again, in either
// dialect; both are on record. A locked server keeps what it has.
func TestFixedIPComesAndGoes(t *testing.T) {
	for _, base := range []string{"/v2.1", "/v2"} {
		w := recordedWorld()
		w.plug(vm1, first, "")
		a := serve(t, w, identities["admin"])
		server := base + "/servers/" + vm1
		want(t, ask(a, "POST", server+"/action", `{"addFixedIp":{"networkId":"`+net88+`"}}`), 202, "")
		want(t, ask(a, "GET", server+"/ips", ""), 200, "10.88.0.99")
		want(t, ask(a, "GET", server+"/os-instance-actions", ""), 200, `"action": "add_fixed_ip"`)
		want(t, ask(a, "POST", server+"/action", `{"removeFixedIp":{"address":"10.88.0.99"}}`), 202, "")
		want(t, ask(a, "POST", server+"/action", `{"removeFixedIp":{"address":"10.88.0.99"}}`), 400, "does not have fixed IP address")
		want(t, ask(a, "GET", server+"/os-instance-actions", ""), 200, `"action": "remove_fixed_ip"`)
	}
	w := recordedWorld()
	w.servers[0].Locked = true
	w.plug(vm1, first, "")
	want(t, ask(serve(t, w, identities["member"]), "POST", action1, `{"addFixedIp":{"networkId":"`+net88+`"}}`), 409, "is locked")
	reader := serve(t, w, Identity{Caller: vif.Caller{User: "ops"}, Role: Reader})
	want(t, ask(reader, "POST", action1, `{"addFixedIp":{"networkId":"`+net88+`"}}`), 403, "")
}
