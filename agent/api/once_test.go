package api

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vifd/vif"
)

// The same key with the same request is done once and answered twice, in every
// dialect and by every method.
func TestAskedTwice(t *testing.T) {
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"compute: attach", "POST", interfaces1, `{"interfaceAttachment":{"net_id":"` + net89 + `"}}`, 200},
		{"compute: refused", "POST", interfaces1, `{"interfaceAttachment":{"port_id":"` + portHeld + `"}}`, 409},
		{"compute: bad", "POST", interfaces1, `{"interfaceAttachment":{"port_id":7}}`, 400},
		{"compute: detach", "DELETE", interfaces1 + "/" + portA, "", 202},
		{"network: create", "POST", "/v2.0/ports", `{"port":{"network_id":"` + net89 + `"}}`, 201},
		{"network: update", "PUT", "/v2.0/ports/" + portA, `{"port":{"name":"x"}}`, 200},
		{"network: delete", "DELETE", "/v2.0/ports/" + portB, "", 204},
		{"own: attach", "POST", "/v1/attachments", `{"server":"vm1","network":"net89"}`, 200},
		{"own: detach", "DELETE", "/v1/attachments/" + portA, "", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			w.plug(vm1, portA, "")
			a := serve(t, w, identities["admin"])
			one := ask(a, tt.method, tt.path, tt.body, onceHeader, "k1")
			want(t, one, tt.status, "")
			a.Stop(t.Context())
			after := w.String()
			two := ask(a, tt.method, tt.path, tt.body, onceHeader, "k1")
			if two.Code != one.Code || two.Body.String() != one.Body.String() || !sameHeaders(one, two) {
				t.Errorf("first %d %s %s\nthen  %d %s %s", one.Code, one.Header(), one.Body, two.Code, two.Header(), two.Body)
			}
			if got := w.String(); got != after {
				t.Errorf("done again:\n%s\nwas:\n%s", got, after)
			}
		})
	}
}

// sameHeaders compares what the headers say of a body and of a request.
func sameHeaders(one, two *httptest.ResponseRecorder) bool {
	for _, name := range []string{"Content-Type", requestIDHeader, "X-Compute-Request-Id"} {
		if one.Header().Get(name) != two.Header().Get(name) {
			return false
		}
	}
	return true
}

// The ID that is answered is that of the operation: the first time, the second, and
// where a vifd that died has begun it. What was answered before IDs were noted has
// one of its own.
func TestIDOfFirst(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["member"])
	body := `{"interfaceAttachment":{"net_id":"` + net89 + `"}}`
	idOf := func() string {
		t.Helper()
		got := ask(a, "POST", interfaces1, body, onceHeader, "k1")
		want(t, got, 200, "ACTIVE")
		return got.Header().Get("X-Compute-Request-Id")
	}
	id := idOf()
	if again := idOf(); again != id {
		t.Errorf("answered under %s, and then under %s", id, again)
	}
	want(t, ask(a, "GET", "/v2.1/servers/"+vm1+"/os-instance-actions/"+id, ""), 200, id)

	w.answers[0].Status, w.answers[0].ID, w.answers[0].Operations = 0, "", []string{id}
	w.found = &w.attached[0]
	for range 2 {
		if got := idOf(); got != id {
			t.Errorf("begun under %s before the crash, and answered under %s", id, got)
		}
	}
	w.found, w.answers[0].Status, w.answers[0].Operations = nil, 0, []string{id}
	if got := idOf(); got == id || w.operations[0].ID != got {
		t.Errorf("done anew, and answered under %s: the operations are %v", got, w.operations)
	}
	w.answers[0].ID = ""
	if got := idOf(); got == id || !strings.HasPrefix(got, "req-") {
		t.Errorf("kept without an ID, and answered under %q", got)
	}
}

// What makes a request another one.
func TestOtherRequest(t *testing.T) {
	w := recordedWorld()
	w.servers[0].Project = ""
	a := serve(t, w, identities["admin"])
	body := `{"port":{"network_id":"` + net89 + `"}}`
	want(t, ask(a, "POST", "/v2.0/ports", body, onceHeader, "k1"), 201, "")
	for _, tt := range []struct {
		name, method, path, body, key string
		status                        int
		part                          string
	}{
		{"another body", "POST", "/v2.0/ports", `{"port":{}}`, "k1", 422, `{"NeutronError": {"type": "HTTP422", "message": "The Idempotency-Key was used for another request`},
		{"another path", "POST", "/v2.0/networks", body, "k1", 422, "HTTP422"},
		{"another query", "POST", "/v2.0/ports?fields=id", body, "k1", 422, "HTTP422"},
		{"another method", "DELETE", "/v2.0/ports/" + portA, "", "k1", 422, "HTTP422"},
		{"another dialect", "POST", interfaces1, "{}", "k1", 422, `{"computeFault": {"code": 422`},
		{"our own", "POST", "/v1/attachments", `{"server":"vm1"}`, "k1", 422, `{"error": {"code": 422, "kind": "invalid request"`},
		{"reading", "GET", "/v2.0/ports", "", "k1", 200, ""},
		{"another key", "POST", "/v2.0/ports", body, "k2", 201, ""},
		{"a long key", "POST", "/v2.0/ports", body, strings.Repeat("k", 128), 201, ""},
		{"too long a key", "POST", "/v2.0/ports", body, strings.Repeat("k", 129), 400, "1 to 128"},
		{"a key with a space", "POST", "/v2.0/ports", body, "a b", 400, "visible ASCII"},
		{"a key that is not ASCII", "POST", "/v2.0/ports", body, "ä", 400, "visible ASCII"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.part = strings.Replace(tt.part, "1 to 128", "one to 128", 1)
			want(t, ask(a, tt.method, tt.path, tt.body, onceHeader, tt.key), tt.status, tt.part)
		})
	}
	r := httptest.NewRequest("POST", "/v2.0/ports", strings.NewReader(body))
	r.Header[onceHeader] = []string{"k8", "k9"}
	twice := httptest.NewRecorder()
	a.ServeHTTP(twice, r)
	want(t, twice, 400, "given once")
	r = httptest.NewRequest("POST", "/v2.0/ports", strings.NewReader(body))
	r.Header[onceHeader] = []string{""}
	empty := httptest.NewRecorder()
	a.ServeHTTP(empty, r)
	want(t, empty, 400, "given once")
}

// The keys of one caller are nothing to another.
func TestKeysOfCallers(t *testing.T) {
	w := recordedWorld()
	body := `{"port":{"network_id":"` + net89 + `"}}`
	want(t, ask(serve(t, w, identities["admin"]), "POST", "/v2.0/ports", body, onceHeader, "k1"), 201, "")
	want(t, ask(serve(t, w, identities["member"]), "POST", "/v2.0/ports", `{"port":{"network_id":"`+net89+`","name":"x"}}`, onceHeader, "k1"), 201, `"name": "x"`)
}

// What failed through no fault of the caller's is tried again.
func TestFailureIsNotKept(t *testing.T) {
	w := recordedWorld()
	w.fail = vif.Unavailable.Because("libvirt is down")
	a := serve(t, w, identities["admin"])
	body := `{"interfaceAttachment":{"net_id":"` + net89 + `"}}`
	want(t, ask(a, "POST", interfaces1, body, onceHeader, "k1"), 503, "libvirt is down")
	w.fail = nil
	want(t, ask(a, "POST", interfaces1, body, onceHeader, "k1"), 200, "ACTIVE")
	want(t, ask(a, "POST", interfaces1, body, onceHeader, "k1"), 200, "ACTIVE")
	if len(w.attached) != 1 {
		t.Errorf("attached:\n%s", w)
	}
}

// An answer that was sent line by line is given again in one piece.
func TestStreamedAgain(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["admin"])
	body := `{"server":"vm1","port":"` + portB + `"}`
	one := ask(a, "POST", "/v1/attachments", body, onceHeader, "k1", "Accept", ndjson)
	want(t, one, 200, `{"step": "claim"`)
	two := ask(a, "POST", "/v1/attachments", body, onceHeader, "k1", "Accept", ndjson)
	want(t, two, 200, `{"attachment": {"port": {"id": "`+portB)
	if lines := strings.Split(strings.TrimSpace(one.Body.String()), "\n"); lines[len(lines)-1] != two.Body.String() {
		t.Errorf("first %s\nthen %s", one.Body, two.Body)
	}
}

// While a request is under way, the same waits for its answer, and not for ever.
func TestUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := recordedWorld()
		w.plug(vm1, portA, "")
		w.stubborn = make(chan struct{})
		a := serve(t, w, identities["admin"])
		answers := make(chan *httptest.ResponseRecorder)
		detach := func() { answers <- ask(a, "DELETE", "/v1/attachments/"+portA, "", onceHeader, "k1") }
		go detach()
		synctest.Wait()
		want(t, ask(a, "DELETE", "/v1/attachments/"+portB, "", onceHeader, "k1"), 422, "another request")
		begun := time.Now()
		tired := ask(a, "DELETE", "/v1/attachments/"+portA, "", onceHeader, "k1")
		want(t, tired, 409, "still under way: ask again")
		if waited := time.Since(begun); waited != 10*time.Second || tired.Header().Get("Retry-After") == "" {
			t.Errorf("waited %v, headers %v", waited, tired.Header())
		}
		go detach()
		synctest.Wait()
		close(w.stubborn)
		for range 2 {
			want(t, <-answers, 200, `{"detached": "`+portA+`"}`)
		}
	})
}

// Who is tired of waiting is told so with the same status in each dialect, and when
// to come again.
func TestUnderWayInEachDialect(t *testing.T) {
	for path, part := range map[string]string{
		interfaces1:                                       `{"conflictingRequest": {"code": 409, "message": "The same request is still under way: ask again for its answer."}}`,
		"/v2/servers/" + vm1 + "/os-interface":            `{"conflictingRequest": {"code": 409`,
		"/v2/servers/" + vm1 + "/os-virtual-interfacesv2": `{"conflictingRequest": {"code": 409`,
		"/v2.0/ports":                                     `{"NeutronError": {"type": "HTTPConflict", "message": "The same request is`,
		"/v1/attachments":                                 `{"error": {"code": 409, "kind": "already in use", "message": "The same request is`,
	} {
		synctest.Test(t, func(t *testing.T) {
			a := serve(t, recordedWorld(), identities["admin"])
			r := httptest.NewRequest("POST", "http://nova"+path, nil)
			r.Header.Set(onceHeader, "k1")
			other := a.newCall(httptest.NewRecorder(), r)
			if err := firstOf(a.identify(other), a.negotiate(other)); err != nil {
				t.Fatal(err)
			}
			a.once(other, func() reply {
				got := ask(a, "POST", path, "", onceHeader, "k1")
				want(t, got, 409, part)
				if got.Header().Get("Retry-After") != "1" {
					t.Errorf("%s: headers %v", path, got.Header())
				}
				return reply{status: 500}
			})
		})
	}
}
