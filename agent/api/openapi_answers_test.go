package api

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// documentedAsks are requests; every route is asked at least once so that it answers
// well. $attach is the ID of an attach of before.
var documentedAsks = []struct{ method, path, body string }{
	{"GET", "/", ""}, {"GET", "/v2", ""}, {"GET", "/v2.1/", ""}, {"GET", "/v2.1/versions/v2.1", ""},
	{"GET", interfaces1, ""}, {"POST", interfaces1, `{"interfaceAttachment":{"net_id":"` + net89 + `","fixed_ips":[{"ip_version":4}]}}`},
	{"POST", interfaces1, `{"interfaceAttachment":{"port_id":"` + portHeld + `"}}`}, {"GET", interfaces1 + "/" + first, ""},
	{"DELETE", interfaces1 + "/" + portA, ""}, {"GET", interfaces1 + "/" + portB, ""},
	{"GET", "/v2/servers/" + vm1 + "/os-virtual-interfaces", ""}, {"GET", "/v2.1/servers/" + vm1 + "/os-virtual-interfacesv2", ""},
	{"POST", "/v2/servers/" + vm2 + "/os-virtual-interfacesv2", `{"virtual_interface":{"network_id":"` + net89 + `"}}`},
	{"GET", "/v2.1/servers", ""}, {"GET", "/v2.1/servers/detail", ""}, {"GET", "/v2.1/servers/" + vm1, ""},
	{"POST", "/v2.1/servers/" + vm1 + "/action", `{"lock":null}`}, {"POST", "/v2.1/servers/" + vm1 + "/action", `{"unlock":null}`},
	{"GET", "/v2.1/servers/" + vm1 + "/os-instance-actions", ""}, {"GET", "/v2.1/servers/" + vm1 + "/os-instance-actions/req-x", ""}, {"GET", "/v2.1/servers/" + vm1 + "/os-instance-actions/$attach", ""},
	{"GET", "/v2.1/servers/" + vm1 + "/ips", ""}, {"GET", "/v2.1/servers/" + vm1 + "/ips/peer-net88", ""},
	{"POST", "/v2.1/servers/" + vm1 + "/action", `{"addFixedIp":{"networkId":"` + net88 + `"}}`}, {"POST", "/v2.1/servers/" + vm1 + "/action", `{"removeFixedIp":{"address":"10.88.0.125"}}`},
	{"POST", "/v2.1/servers/" + vm1 + "/action", `{"addSecurityGroup":{"name":"web"}}`}, {"POST", "/v2.1/servers/" + vm2 + "/action", `{"removeSecurityGroup":{"name":"web"}}`},
	{"GET", "/v2.1/servers/" + vm1 + "/os-security-groups", ""},
	{"GET", "/v2.1/os-security-groups", ""}, {"GET", "/v2.1/os-security-groups/" + groupWeb, ""}, {"GET", "/v2/os-security-groups/none", ""},
	{"GET", "/v2.1/flavors", ""}, {"GET", "/v2.1/flavors/detail", ""}, {"GET", "/v2.1/flavors/0-vcpu-0-mib", ""}, {"GET", "/v2/flavors/none", ""}, {"GET", "/v2.1/flavors/0-vcpu-0-mib/os-extra_specs", ""},
	{"GET", "/v2.0/", ""}, {"GET", "/v2.0/extensions", ""}, {"GET", "/v2.0/extensions/provider", ""},
	{"GET", "/v2.1/networks", ""}, {"GET", "/v2.0/networks/" + net88, ""}, {"GET", "/v2.0/networks/none", ""},
	{"POST", "/v2.0/networks", `{"network":{"name":"x","provider:segmentation_id":7,"provider:network_type":"vlan"}}`},
	{"PUT", "/v2.0/networks/" + net89, `{"network":{"name":"y"}}`}, {"GET", "/v2.0/subnets", ""}, {"GET", "/v2.0/subnets/" + sub88, ""},
	{"POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net89 + `","cidr":"10.9.0.0/24","ip_version":4}}`},
	{"PUT", "/v2.0/subnets/" + sub89, `{"subnet":{"name":"z"}}`}, {"GET", "/v2.0/ports", ""}, {"GET", "/v2.0/ports/" + first, ""},
	{"POST", "/v2.0/ports", `{"port":{"network_id":"` + net89 + `","fixed_ips":[{"ip_version":4}]}}`}, {"PUT", "/v2.0/ports/" + portC, `{"port":{"name":"x"}}`},
	{"GET", "/v2.0/security-groups?name=web&fields=id", ""}, {"POST", "/v2.0/security-groups", `{"security_group":{"name":"x","description":"y"}}`},
	{"GET", "/v2.0/security-groups/" + groupWeb, ""}, {"PUT", "/v2.0/security-groups/" + groupWeb, `{"security_group":{"name":"z"}}`}, {"DELETE", "/v2.0/security-groups/" + groupOther, ""},
	{"GET", "/v2.0/security-group-rules?direction=ingress", ""}, {"GET", "/v2.0/security-group-rules/" + ruleHTTP, ""}, {"DELETE", "/v2.0/security-group-rules/" + ruleHTTP, ""},
	{"POST", "/v2.0/security-group-rules", `{"security_group_rule":{"security_group_id":"` + groupWeb + `","direction":"ingress","protocol":"udp","port_range_min":53,"port_range_max":53,"remote_group_id":"` + groupWeb + `"}}`},
	{"DELETE", "/v2.0/ports/" + portC, ""}, {"GET", "/v1/attachments?server=vm1", ""}, {"GET", "/v1/attachments/" + first, ""},
	{"POST", "/v1/attachments", `{"server":"vm1","network":"net89","tag":"t","security_groups":["web"]}`}, {"POST", "/v1/attachments", `{"server":"vm1","dry_run":true}`},
	{"POST", "/v1/attachments", `{"server":"vm1","port":"none"}`}, {"GET", "/v1/attachments/none", ""},
	{"POST", batch, `{"attachments":[{"server":"vm1","network":"net89"},{"server":"vm9","network":"net89"}]}`},
	{"PATCH", "/v1/ports/" + first, `{"link_state":"down"}`}, {"GET", "/v1/operations", ""}, {"GET", "/v1/operations/none", ""}, {"GET", "/v1/operations/$attach", ""},
	{"DELETE", "/v1/attachments/" + first, ""}, {"GET", "/v1/status", ""}, {"GET", "/healthz", ""}, {"GET", "/readyz", ""},
	{"DELETE", "/v2.0/subnets/" + sub89, ""}, {"DELETE", "/v2.0/networks/" + netOther, ""}, {"DELETE", "/v2.0/networks/none", ""},
	{"DELETE", "/v2.1/servers/" + vm1 + "/os-virtual-interfacesv2/" + portA, ""}, {"DELETE", "/v2/servers/" + vm1 + "/os-virtual-interfacesv2/" + portB, ""},
	{"GET", "/v1/tokens", ""}, {"POST", "/v1/tokens", `{"name":"new","role":"reader","expires":"2126-01-01T00:00:00Z"}`}, {"POST", "/v1/tokens", `{"name":"ci","role":"reader"}`},
	{"DELETE", "/v1/tokens/ci", ""}, {"DELETE", "/v1/tokens/none", ""}, {"GET", "/v1/events?since=0", ""}, {"GET", "/v1/events?since=x", ""},
	{"POST", "/v1/store/rebuild", ""}, {"POST", "/v1/servers/" + vm1 + "/prepare", ""}, {"POST", "/v1/servers/none/prepare", ""},
	{"GET", "/v1/leaks?deep=1", ""}, {"GET", "/metrics", ""}, {"GET", "/openapi.json", ""},
}

// What is asked and answered is as the document has it, the faults too, at every
// place where it is.
func TestAnswersAreAsDocumented(t *testing.T) {
	s, well := readSpec(t), map[string]bool{}
	for _, tt := range documentedAsks {
		for _, path := range alsoAt(tt.path) {
			for _, accept := range []string{"application/json", ndjson} {
				t.Run(tt.method+" "+path+" "+accept, func(t *testing.T) {
					a, attach := fullWorld(t)
					path := strings.ReplaceAll(path, "$attach", attach)
					operation, pattern := s.operationOf(t, a, tt.method, path)
					got := askUntilSilent(a, tt.method, path, tt.body, accept)
					s.checkExchange(t, operation, tt.body, got)
					well[pattern] = well[pattern] || got.Code < 300
				})
			}
		}
	}
	a, _ := fullWorld(t)
	for _, r := range a.table {
		if r.method != "" && r.method != anyMethod && !well[r.method+" "+r.pattern] {
			t.Errorf("%s %s is never asked here so that it answers well", r.method, r.pattern)
		}
	}
}

// alsoAt returns path at each base where what it names is.
func alsoAt(path string) []string {
	for _, bases := range [][]string{{"/v2.1/servers", "/v2/servers"}, {"/v2.1/flavors", "/v2/flavors"}, {"/v2.1/os-security-groups", "/v2/os-security-groups"},
		{"/v2.0/networks", "/v2.1/networks"}, {"/v2.0/subnets", "/v2.1/subnets"}, {"/v2.0/ports", "/v2.1/ports"},
		{"/v2.0/security-group", "/v2.1/security-group"}, {"/v2.0/extensions", "/v2.1/extensions"}} {
		for _, base := range bases {
			if rest, ok := strings.CutPrefix(path, base); ok {
				return []string{bases[0] + rest, bases[1] + rest}
			}
		}
	}
	return []string{path}
}

// fullWorld is a world with something of all there is, and its API.
func fullWorld(t *testing.T) (a *API, attach string) {
	t.Helper()
	w, attach, _, _ := eventful(t)
	w.servers[0].Project = ""
	for _, port := range []string{first, portA, portB} {
		w.plug(vm1, port, "")
	}
	a = serve(t, w, identities["admin"])
	tokens := &keptTokens{}
	tokens.add("ci", "reader", "")
	a.Tokens, a.Upkeep, a.Leaks, a.Metrics, a.Config.Events = tokens, w, leaky{}, leaky{}, newHistory(0, portA)
	return a, attach
}

// operationOf returns what the document says of a request, and the row of its route.
func (s spec) operationOf(t *testing.T, a *API, method, path string) (operation spec, row string) {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	route, _ := a.find(r.Method, r.URL.Path)
	found, ok := s.at("paths", spellOut(route.pattern)[0], strings.ToLower(method)).(map[string]any)
	if !ok {
		t.Fatalf("the document has no %s %s", method, path)
	}
	return spec(found), method + " " + route.pattern
}

// askUntilSilent asks, and goes away once an answer that has no end has begun.
func askUntilSilent(a *API, method, path, body, accept string) *httptest.ResponseRecorder {
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	r := httptest.NewRequestWithContext(ctx, method, "http://nova"+path, strings.NewReader(body))
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	if strings.HasPrefix(path, "/v1/events") {
		leave()
	}
	a.ServeHTTP(w, r)
	return w
}

// checkExchange holds a request that was met, and every answer, to the document.
func (s spec) checkExchange(t *testing.T, operation spec, body string, got *httptest.ResponseRecorder) {
	t.Helper()
	status := strconv.Itoa(got.Code)
	if got.Code < 300 && body != "" {
		s.checkText(t, "request", operation.at("requestBody", "content", "application/json", "schema"), body)
	}
	answer, _ := operation.at("responses", status).(map[string]any)
	if answer == nil && got.Code >= http.StatusBadRequest {
		answer, _ = operation.at("responses", "default").(map[string]any)
	}
	if answer == nil {
		t.Fatalf("answered %s, which the document does not have: %s", status, got.Body)
	}
	checkHeaders(t, operation, spec(answer), got.Header())
	kind, _, _ := strings.Cut(got.Header().Get("Content-Type"), ";")
	schema := spec(answer).at("content", kind, "schema")
	switch {
	case got.Body.Len() == 0:
		if spec(answer).at("content") != nil {
			t.Errorf("answered nothing, where the document has %v", answer)
		}
	case schema == nil:
		t.Fatalf("answered %s %s, where the document has %v", kind, got.Body, answer)
	case kind == ndjson:
		for line := range strings.Lines(got.Body.String()) {
			s.checkText(t, "line", schema, line)
		}
	case kind == "application/json":
		s.checkText(t, "answer", schema, got.Body.String())
	}
}

// checkHeaders compares the headers of microversions with those of the document.
func checkHeaders(t *testing.T, operation, answer spec, got http.Header) {
	t.Helper()
	said, _ := answer.at("headers").(map[string]any)
	for _, name := range []string{versionHeader, legacyHeader, "Vary"} {
		if (got.Get(name) != "") != (said[name] != nil) {
			t.Errorf("the header %s is %q, and in the document %v", name, got.Get(name), said[name])
		}
	}
	asks := slices.ContainsFunc(operation.at("parameters").([]any), func(p any) bool { return p.(map[string]any)["name"] == versionHeader })
	if asks != (said != nil) {
		t.Errorf("a microversion may be asked for: %v, and is answered: %v", asks, said != nil)
	}
}

// The document names each key of a query that counts, and no other.
func TestQueriesAreAsDocumented(t *testing.T) {
	s := readSpec(t)
	servers := append(slices.Collect(maps.Keys(serverTests)), "name", "limit", "marker")
	a, _ := fullWorld(t)
	for path, known := range map[string][]string{
		"/v2.1/servers": servers, "/v2/{project}/servers/detail": servers,
		"/v2.1/servers/{server}/os-virtual-interfaces": {"limit", "offset"},
		"/v2.0/networks": a.filterable(t, "network"), "/v2.1/subnets": a.filterable(t, "subnet"), "/v2.0/ports": a.filterable(t, "port"),
	} {
		var said []string
		for _, p := range s.at("paths", path, "get", "parameters").([]any) {
			if p := p.(map[string]any); p["in"] == "query" {
				said = append(said, p["name"].(string))
			}
		}
		slices.Sort(said)
		slices.Sort(known)
		if !slices.Equal(said, known) {
			t.Errorf("%s: the document has\n%v\nand what counts is\n%v", path, said, known)
		}
	}
}

// filterable are the keys by which a kind of resource is asked for.
func (a *API) filterable(t *testing.T, kind string) []string {
	t.Helper()
	keys := []string{"fields", "limit", "marker"}
	c := a.newCall(httptest.NewRecorder(), httptest.NewRequest("GET", "/v2.0/networks", nil))
	networks, e1 := a.networks().viewer(c)
	subnets, e2 := a.subnets().viewer(c)
	ports, e3 := a.ports().viewer(c)
	if err := firstOf(e1, e2, e3); err != nil {
		t.Fatal(err)
	}
	n, _ := a.networks().get(t.Context(), net88)
	sub, _ := a.subnets().get(t.Context(), sub88)
	p, _ := a.ports().get(t.Context(), first)
	for _, m := range map[string]object{"network": networks(n), "subnet": subnets(sub), "port": ports(p)}[kind] {
		keys = append(keys, m.name)
	}
	return keys
}

// Who asks Rackspace's too often, or in a way that it has not, is told so as documented.
func TestRackspacesFaultsAreAsDocumented(t *testing.T) {
	s := readSpec(t)
	a := serve(t, recordedWorld(), identities["admin"])
	a.meter = newMeter(Rates{Post: 1}, a.Now)
	path := "/v2.1/servers/" + vm1 + "/os-virtual-interfacesv2"
	operation, _ := s.operationOf(t, a, "POST", path)
	ask(a, "POST", path, "{}")
	for method, status := range map[string]int{"POST": 413, "PUT": 405} {
		got := ask(a, method, path, "{}")
		want(t, got, status, "")
		if operation.at("responses", strconv.Itoa(status)) == nil {
			t.Errorf("%d is not in the document", status)
		}
		s.checkExchange(t, operation, "", got)
	}
}
