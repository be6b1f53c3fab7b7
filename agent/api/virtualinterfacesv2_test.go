package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"vifd/vif"
)

const (
	rackspace1 = "/v2/" + project + "/servers/" + vm1 + "/os-virtual-interfacesv2"
	onNet88    = `{"virtual_interface":{"network_id":"` + net88 + `"}}`
)

// A NIC comes, is listed with each of its addresses, and goes; at both bases,
// and without any microversion.
func TestVirtualInterfacesV2(t *testing.T) {
	for _, base := range []string{"/v2", "/v2/" + project, "/v2.1", "/v2.1/" + project} {
		w := recordedWorld()
		w.subnets = append(w.subnets, v6subnet())
		a := serve(t, w, identities["member"])
		path := base + "/servers/" + vm1 + "/os-virtual-interfacesv2"
		one := `{"virtual_interfaces": [{"mac_address": "FA:16:3E:00:00:01", "id": "99999999-0000-4000-8000-000000000001", "ip_addresses": [` +
			`{"address": "10.88.0.11", "network_id": "` + net88 + `", "network_label": "peer-net88"}, ` +
			`{"address": "fd00:88::b", "network_id": "` + net88 + `", "network_label": "peer-net88"}]}]}`
		for _, tt := range []struct {
			method, path, body string
			status             int
			answer             string
		}{
			{"GET", path, "", 200, `{"virtual_interfaces": []}`},
			{"POST", path, onNet88, 200, one},
			{"GET", path, "", 200, one},
			{"DELETE", path + "/99999999-0000-4000-8000-000000000001", "", 200, ""},
			{"GET", path, "", 200, `{"virtual_interfaces": []}`},
			{"POST", path, onNet88, 200, `-000000000002`},
		} {
			got := ask(a, tt.method, tt.path, tt.body, versionHeader, "compute 2.999")
			want(t, got, tt.status, tt.answer)
			h := got.Header()
			if h.Get(versionHeader) != "" || h.Get("Vary") != "" || h.Get("X-Compute-Request-Id") == "" || h.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s: headers %v", tt.method, tt.path, h)
			}
			if tt.answer == "" && (got.Body.Len() != 0 || h.Get("Content-Length") != "0") {
				t.Errorf("%s %s: %q", tt.method, tt.path, got.Body)
			}
		}
	}
}

// Each row of the table of what is answered.
func TestVirtualInterfacesV2Faults(t *testing.T) {
	reader := Identity{Caller: vif.Caller{User: "ro", Project: project}, Role: Reader}
	state := func(s vif.ServerState) func(*world) { return func(w *world) { w.servers[0].State = s } }
	const unknownNet = `{"virtual_interface":{"network_id":"00000000-dead-beef-0000-000000000000"}}`
	for _, tt := range []struct {
		name         string
		who          Identity
		method, path string
		body         string
		before       func(w *world)
		status       int
		answer       string
	}{
		{"no network", identities["member"], "POST", "", `{"virtual_interface":{}}`, nil, 400, `{"badRequest": {"code": 400, "message": "Invalid input for field/attribute virtual_interface. Value: {}. 'network_id' is a required property"}}`},
		{"nothing", identities["member"], "POST", "", `{}`, nil, 400, `'virtual_interface' is a required property`},
		{"no body", identities["member"], "POST", "", ``, nil, 400, `None is not of type 'object'`},
		{"no id", identities["member"], "POST", "", `{"virtual_interface":{"network_id":"blue"}}`, nil, 400, `'blue' is not a 'uuid'`},
		{"an unknown member", identities["member"], "POST", "", `{"virtual_interface":{"network_id":"` + net88 + `","x":1}}`, nil, 400, `('x' was unexpected)`},
		{"no address left", identities["member"], "POST", "", onNet88, failing(vif.Exhausted), 400, `"badRequest"`},
		{"not by this driver", identities["member"], "POST", "", onNet88, failing(vif.Unsupported.Because("no")), 400, `{"badRequest": {"code": 400, "message": "no"}}`},
		{"nobody", Identity{}, "GET", "", "", nil, 403, `{"forbidden": {"code": 403`},
		{"a reader changes nothing", reader, "POST", "", onNet88, nil, 403, `"forbidden"`},
		{"a reader deletes nothing", reader, "DELETE", "/x", "", nil, 403, `"forbidden"`},
		{"no quota", identities["member"], "POST", "", onNet88, failing(vif.Forbidden.Because("Maximum number of ports exceeded")), 403, `Maximum number of ports`},
		{"unknown network", identities["member"], "POST", "", unknownNet, nil, 404, `{"itemNotFound": {"code": 404, "message": "Network 00000000-dead-beef-0000-000000000000 could not be found."}}`},
		{"unknown interface", identities["member"], "DELETE", "/x", "", nil, 404, `"itemNotFound"`},
		{"another's project", identities["other"], "GET", "", "", nil, 400, `Malformed request URL`},
		{"PUT", identities["member"], "PUT", "", `{}`, nil, 405, `{"badMethod": {"code": 405, "message": "The method PUT is not allowed for this resource: it has GET, POST."}}`},
		{"DELETE of all", identities["member"], "DELETE", "", "", nil, 405, `"badMethod"`},
		{"GET of one", identities["member"], "GET", "/x", "", nil, 405, `it has DELETE.`},
		{"twice", identities["member"], "POST", "", onNet88, func(w *world) { w.plug(vm1, first, "") }, 409, `{"conflictingRequest": {"code": 409, "message": "Instance ` + vm1 + ` has a virtual interface on network ` + net88 + ` already`},
		{"locked", identities["member"], "POST", "", onNet88, func(w *world) { w.servers[0].Locked = true }, 409, `Instance ` + vm1 + ` is locked`},
		{"suspended", identities["member"], "POST", "", onNet88, state(vif.ServerSuspended), 409, `{"conflictingRequest"`},
		{"building", identities["member"], "POST", "", onNet88, state(vif.ServerBuilding), 409, `{"buildInProgress": {"code": 409, "message": "Cannot 'attach_interface' instance ` + vm1 + ` while it is in vm_state building"}}`},
		{"no slot", identities["member"], "POST", "", onNet88, failing(vif.NoSlot.Because("no slot")), 409, `{"conflictingRequest"`},
		{"failed", identities["member"], "POST", "", onNet88, failing(errors.New("nil map")), 500, `{"computeFault": {"code": 500, "message": "Failed to attach network adapter device to ` + vm1 + `"}}`},
		{"no switch", identities["member"], "POST", "", onNet88, failing(vif.Unavailable), 503, `"serviceUnavailable"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			if tt.before != nil {
				tt.before(w)
			}
			got := ask(serve(t, w, tt.who), tt.method, rackspace1+tt.path, tt.body)
			want(t, got, tt.status, tt.answer)
			if allow := got.Header().Get("Allow"); (allow != "") != (tt.status == 405) {
				t.Errorf("Allow: %q with %d", allow, tt.status)
			}
		})
	}
}

// What goes on by itself is no success yet; a lock and a state keep a NIC in.
func TestVirtualInterfacesV2Delete(t *testing.T) {
	const path = rackspace1 + "/" + portA
	w := recordedWorld()
	w.plug(vm1, portA, "")
	w.stubborn = make(chan struct{})
	a := serve(t, w, identities["member"])
	for change, part := range map[string]string{"locked": "is locked", "suspended": "'detach_interface'", "building": `"buildInProgress"`} {
		s := w.servers[0]
		w.servers[0].Locked = change == "locked"
		if change != "locked" {
			w.servers[0].State = vif.ServerState(change)
		}
		want(t, ask(a, "DELETE", path, ""), 409, part)
		w.servers[0] = s
	}
	want(t, ask(a, "GET", rackspace1, ""), 200, portA)
	a.detaches.cancel() // as if the guest had taken too long
	got := ask(a, "DELETE", path, "")
	want(t, got, 503, `{"serviceUnavailable": {"code": 503, "message": "the guest has not let go of port `+portA+`"}}`)
	if got.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// A slowWorld does not finish its first attach before it is told to.
type slowWorld struct {
	*world
	begun, end chan struct{}
	held       atomic.Bool
}

func (w *slowWorld) Attach(ctx context.Context, r vif.Request) (vif.Attachment, error) {
	if w.held.CompareAndSwap(false, true) {
		close(w.begun)
		<-w.end
	}
	return w.world.Attach(ctx, r)
}

// Who asks while the first is under way is refused, and does not wait.
func TestVirtualInterfacesV2Meanwhile(t *testing.T) {
	w := &slowWorld{world: recordedWorld(), begun: make(chan struct{}), end: make(chan struct{})}
	a := serve(t, w.world, identities["member"])
	a.Attachments = w
	answers := make(chan int, 1)
	go func() { answers <- ask(a, "POST", rackspace1, onNet88).Code }()
	<-w.begun
	want(t, ask(a, "POST", rackspace1, onNet88), 409, "already")
	want(t, ask(a, "POST", rackspace1, strings.Replace(onNet88, net88, net89, 1)), 200, net89)
	close(w.end)
	if status := <-answers; status != 200 {
		t.Errorf("the first got %d", status)
	}
}

// A named request that was not answered, for vifd died, is not in its own way.
func TestVirtualInterfacesV2Again(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["member"])
	want(t, ask(a, "POST", rackspace1, onNet88, onceHeader, "k"), 200, net88)
	want(t, ask(a, "POST", rackspace1, onNet88, onceHeader, "k"), 200, net88)
	want(t, ask(a, "POST", rackspace1, onNet88, onceHeader, "other"), 409, "already")
	for key, kept := range w.answers {
		if kept.Status == 200 {
			kept.Status = 0
			w.answers[key] = kept
		}
	}
	want(t, ask(a, "POST", rackspace1, onNet88, onceHeader, "k"), 200, net88)
}

// Of many that ask for a NIC on one network at once, one gets it.
func TestVirtualInterfacesV2AtOnce(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["member"])
	var mu sync.Mutex
	counts := map[int]int{}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got := ask(a, "POST", rackspace1, onNet88)
			mu.Lock()
			defer mu.Unlock()
			counts[got.Code]++
		})
	}
	all.Wait()
	if fmt.Sprint(counts) != "map[200:1 409:19]" || strings.Count(w.String(), " has ") != 1 {
		t.Errorf("answers %v\n%v", counts, w)
	}
	want(t, ask(a, "POST", rackspace1, strings.Replace(onNet88, net88, net89, 1)), 200, net89)
	want(t, ask(a, "POST", "/v2/servers/"+vm2+"/os-virtual-interfacesv2", onNet88), 200, net88)
}
