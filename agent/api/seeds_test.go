package api

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"vifd/vif"
)

// seedWorld is the cloud of the examples: in theirs the address of the port in Compute
// 2.0 was left out.
func seedWorld() *world {
	const owner = "e4ee5a9bdf934e35b62c8b995152feee"
	return &world{
		servers: []vif.Server{{ID: "b6d94eb6-0759-4277-892e-fae5fd8ca8bd", Project: owner, State: vif.ServerActive}},
		ports: []vif.Port{{
			ID: "c20c7086-eb16-4b3b-96e4-4da2f5037bcf", Network: "e7372598-ff0f-4013-84b5-82b0e3641f7a", Project: owner,
			MAC: "fa:16:3e:b9:1b:1b", FixedIPs: []vif.FixedIP{{Subnet: "3b6e6d1f-848b-489f-ac16-69801915c65d"}},
		}},
		next: &vif.Attachment{State: vif.Down},
	}
}

// TestSeeds puts the examples of the documents that describe the older dialects
// to vifd. Who asks is the project that stands beside the example's name.
func TestSeeds(t *testing.T) {
	for _, e := range readExchanges(t, "seeds/compute-2.0.txt") {
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
