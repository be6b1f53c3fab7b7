package api

import (
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"vifd/vif"
)

// seedWorld is the cloud of the examples, as they have it: one leaves out the
// address of its port, and another asks for one network and is told of a second.
func seedWorld(string) *world {
	const owner = "e4ee5a9bdf934e35b62c8b995152feee"
	const net, asked, told = "e7372598-ff0f-4013-84b5-82b0e3641f7a", "1f7920d3-0e63-4fec-a1cb-f7916671e8eb", "196a0246-86cc-46fa-9ecf-850f67c2cb7c"
	w := &world{
		servers: []vif.Server{
			{ID: "b6d94eb6-0759-4277-892e-fae5fd8ca8bd", Project: owner, State: vif.ServerActive},
			{ID: "0d8e9a86-3a5c-43d9-9b5e-7c2f6a51bd10", Project: owner, State: vif.ServerStopped},
		},
		networks: []vif.Network{{ID: net, Project: owner}, {ID: asked, Project: owner}, {ID: told, Name: "added_network", Project: owner}},
		ports: []vif.Port{
			{ID: "c20c7086-eb16-4b3b-96e4-4da2f5037bcf", Network: net, Project: owner, MAC: "fa:16:3e:b9:1b:1b",
				FixedIPs: []vif.FixedIP{{Subnet: "3b6e6d1f-848b-489f-ac16-69801915c65d"}}},
			{ID: "8f1f8d64-3a50-4a51-9c7b-b86f2f9d2f01", Network: net, Project: owner, MAC: "fa:16:3e:3c:ce:60"},
		},
		next: &vif.Attachment{State: vif.Down},
	}
	w.next.Port = vif.Port{ID: "045f195f-3347-487b-8e80-8ee3390eda56", Network: told, MAC: "fe:ed:fa:00:08:93", FixedIPs: mustIP("", "192.168.0.1")}
	w.plug("0d8e9a86-3a5c-43d9-9b5e-7c2f6a51bd10", "8f1f8d64-3a50-4a51-9c7b-b86f2f9d2f01", "")
	return w
}

// computeWorld is the cloud of the example of Compute 2.1, and of the row of its
// table of statuses that the name is.
func computeWorld(name string) *world {
	w := seedWorld(name)
	w.ports = append(w.ports, vif.Port{ID: "ce531f90-199f-48c0-816c-13e38010b442", Network: "3cb9bc59-5699-4588-a4b1-b87f96708bc6",
		Project: w.servers[0].Project, MAC: "fa:16:3e:4c:2c:30", FixedIPs: mustIP("f8a6e8f8-c2ec-497c-9f23-da9616de54ef", "192.168.1.3")})
	w.next.State = vif.Active
	if name == "503" {
		w.fail = vif.Unavailable.Because("Open vSwitch does not answer")
	}
	return w
}

// vendorWorld is the cloud of the document with the fields of a vendor, which
// shows the answer to the first of its requests only.
func vendorWorld(name string) *world {
	const owner, net, asked = "b906404c55bb44729da99987536ac5bc", "a1d8d6ae-c89d-4307-8a0c-3cc2ee55d7e3", "0bb6b7a7-da8d-432c-b8d5-12139f7924d1"
	w := &world{
		servers:  []vif.Server{{ID: "0785ee80-1eca-426b-b8c4-5b499fc7f614", Project: owner, State: vif.ServerActive}},
		networks: []vif.Network{{ID: net, Project: owner, Secure: true}, {ID: asked, Project: owner, Secure: true}},
		groups:   []vif.SecurityGroup{{ID: "5e2db579-c3a0-468b-aecd-b7930bf1507e", Name: "web", Project: owner}},
		subnets:  []vif.Subnet{{ID: "6c1b1f0e-52a8-4b0c-8f5e-0f0c3d1e2a77", Network: asked, Project: owner, CIDR: netip.MustParsePrefix("192.168.128.0/24")}},
	}
	if name == "automatic" {
		w.next = &vif.Attachment{State: vif.Active}
		w.next.Port = vif.Port{ID: "bfc3228d-384e-4864-a583-54157225a4ef", Network: net, MAC: "fa:16:3e:3b:0b:c3",
			FixedIPs: mustIP("d52aa9f4-6a4b-4268-a71d-1a50f9b60aa9", "10.136.18.138")}
	}
	return w
}

// seeds are the documents, each with the cloud of its examples.
var seeds = []struct {
	file  string
	world func(example string) *world
}{
	{"vendor", vendorWorld}, {"compute-2.0", seedWorld}, {"compute-2.1", computeWorld}, {"rackspace", seedWorld}, {"virtual-interfaces", seedWorld},
}

// TestSeeds puts the examples of the documents that describe the dialects to
// vifd. Who asks is the project that stands beside the example's name, with its
// role where that is not a member, or nobody.
func TestSeeds(t *testing.T) {
	for _, seed := range seeds {
		for _, e := range readExchanges(t, "seeds/"+seed.file+".txt") {
			t.Run(seed.file+" "+e.name, func(t *testing.T) {
				project, role, _ := strings.Cut(e.who, " ")
				who := Identity{Caller: vif.Caller{User: "demo", Project: project}, Role: map[string]Role{"": Member, "reader": Reader}[role]}
				r := httptest.NewRequest(e.method, "http://nova:8774"+e.path, strings.NewReader(e.body))
				r.Header = e.sent
				if e.who == "nobody" {
					r = remote(r, NewBearers(&keptTokens{}, quiet()), "")
				}
				got := httptest.NewRecorder()
				serve(t, seed.world(e.name), who).ServeHTTP(got, r)
				if got.Code != e.status || !sameJSON(t, got.Body.String(), e.answer) {
					t.Errorf("answer %d %s\nwant   %d %s", got.Code, got.Body, e.status, e.answer)
				}
				for name := range e.answered {
					if have, want := got.Header().Get(name), e.answered.Get(name); have != want {
						t.Errorf("%s: %s, want %s", name, have, want)
					}
				}
			})
		}
	}
}

// sameJSON tells whether two texts are the same JSON but for the order of
// members; where both are empty, too.
func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	if a == b {
		return true
	}
	var x, y any
	for text, v := range map[string]*any{a: &x, b: &y} {
		if err := json.Unmarshal([]byte(text), v); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
	}
	return reflect.DeepEqual(x, y)
}
