package api

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vifd/vif"
)

// seedWorld is the cloud of the examples, as they have it: one leaves out the
// address of its port, and another asks for one network and is told of a second.
func seedWorld() *world {
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

// TestSeeds puts the examples of the documents that describe the older dialects
// to vifd. Who asks is the project that stands beside the example's name.
func TestSeeds(t *testing.T) {
	for _, e := range slices.Concat(readExchanges(t, "seeds/compute-2.0.txt"), readExchanges(t, "seeds/rackspace.txt"),
		readExchanges(t, "seeds/virtual-interfaces.txt")) {
		t.Run(e.name, func(t *testing.T) {
			who := Identity{Caller: vif.Caller{User: "demo", Project: e.who}, Role: Member}
			r := httptest.NewRequest(e.method, "http://localhost:8774"+e.path, strings.NewReader(e.body))
			r.Header = e.sent
			got := httptest.NewRecorder()
			serve(t, seedWorld(), who).ServeHTTP(got, r)
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
