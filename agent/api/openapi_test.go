package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A spec is the document, as JSON decodes it.
type spec map[string]any

func readSpec(t *testing.T) spec {
	t.Helper()
	got := ask(serve(t, recordedWorld(), identities["admin"]), "GET", "/openapi.json", "")
	want(t, got, 200, `"openapi": "3.1.0"`)
	var s spec
	if err := json.Unmarshal(got.Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// at returns what is below the names, or nil.
func (s spec) at(names ...string) any {
	v := any(map[string]any(s))
	for _, name := range names {
		o, _ := v.(map[string]any)
		v = o[name]
	}
	return v
}

// Every route is in the document, and the document has nothing else.
func TestDocumentIsTheTable(t *testing.T) {
	s, served := readSpec(t), map[string]bool{}
	for _, r := range serve(t, recordedWorld(), identities["admin"]).table {
		if r.method == "" || r.method == anyMethod {
			continue
		}
		for _, path := range spellOut(r.pattern) {
			served[r.method+" "+path] = true
		}
	}
	documented := map[string]bool{}
	for path, item := range s.at("paths").(map[string]any) {
		for method := range item.(map[string]any) {
			documented[strings.ToUpper(method)+" "+path] = true
		}
	}
	for route := range served {
		if !documented[route] {
			t.Errorf("%s is not in the document: add it to agent/api/openapi", route)
		}
	}
	for route := range documented {
		if !served[route] {
			t.Errorf("%s is in the document, and nobody serves it", route)
		}
	}
}

// All that the document refers to is there, and all that is there is referred to.
func TestDocumentIsWhole(t *testing.T) {
	s := readSpec(t)
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	const ref = `"$ref":"#/components/schemas/`
	for name := range s.at("components", "schemas").(map[string]any) {
		if !strings.Contains(string(raw), ref+name+`"`) {
			t.Errorf("nobody refers to the schema %s", name)
		}
	}
	for _, rest := range strings.Split(string(raw), ref)[1:] {
		if name, _, _ := strings.Cut(rest, `"`); s.at("components", "schemas", name) == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
}

// What is asked and answered is as the document has it, the faults too.
func TestAnswersAreAsDocumented(t *testing.T) {
	s := readSpec(t)
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/", ""}, {"GET", "/v2", ""}, {"GET", "/v2.1/", ""}, {"GET", "/v2.1/versions/v2.1", ""},
		{"GET", interfaces1, ""}, {"POST", interfaces1, `{"interfaceAttachment":{"net_id":"` + net89 + `","fixed_ips":[{"ip_version":4}]}}`},
		{"POST", interfaces1, `{"interfaceAttachment":{"port_id":"` + portHeld + `"}}`}, {"GET", interfaces1 + "/" + first, ""},
		{"DELETE", interfaces1 + "/" + portA, ""}, {"GET", interfaces1 + "/" + portB, ""},
		{"GET", "/v2/servers/" + vm1 + "/os-virtual-interfaces", ""}, {"GET", "/v2.1/servers/" + vm1 + "/os-virtual-interfacesv2", ""},
		{"POST", "/v2/servers/" + vm2 + "/os-virtual-interfacesv2", `{"virtual_interface":{"network_id":"` + net89 + `"}}`},
		{"GET", "/v2.1/servers", ""}, {"GET", "/v2.1/servers/detail", ""}, {"GET", "/v2.1/servers/" + vm1, ""},
		{"POST", "/v2.1/servers/" + vm1 + "/action", `{"lock":null}`}, {"POST", "/v2.1/servers/" + vm1 + "/action", `{"unlock":null}`},
		{"GET", "/v2.1/servers/" + vm1 + "/os-instance-actions", ""}, {"GET", "/v2.1/servers/" + vm1 + "/os-instance-actions/req-x", ""},
		{"GET", "/v2.1/servers/" + vm1 + "/ips", ""}, {"GET", "/v2.1/servers/" + vm1 + "/ips/peer-net88", ""},
		{"POST", "/v2.1/servers/" + vm1 + "/action", `{"addFixedIp":{"networkId":"` + net88 + `"}}`}, {"POST", "/v2.1/servers/" + vm1 + "/action", `{"removeFixedIp":{"address":"10.88.0.125"}}`},
		{"GET", "/v2.1/flavors", ""}, {"GET", "/v2.1/flavors/detail", ""}, {"GET", "/v2.1/flavors/0-vcpu-0-mib", ""}, {"GET", "/v2/flavors/none", ""}, {"GET", "/v2.1/flavors/0-vcpu-0-mib/os-extra_specs", ""},
		{"GET", "/v2.0/", ""}, {"GET", "/v2.0/extensions", ""}, {"GET", "/v2.0/extensions/provider", ""},
		{"GET", "/v2.1/networks", ""}, {"GET", "/v2.0/networks/" + net88, ""}, {"GET", "/v2.0/networks/none", ""},
		{"POST", "/v2.0/networks", `{"network":{"name":"x","provider:segmentation_id":7,"provider:network_type":"vlan"}}`},
		{"PUT", "/v2.0/networks/" + net89, `{"network":{"name":"y"}}`}, {"GET", "/v2.0/subnets", ""}, {"GET", "/v2.0/subnets/" + sub88, ""},
		{"POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net89 + `","cidr":"10.9.0.0/24","ip_version":4}}`},
		{"PUT", "/v2.0/subnets/" + sub89, `{"subnet":{"name":"z"}}`}, {"GET", "/v2.0/ports", ""}, {"GET", "/v2.0/ports/" + first, ""},
		{"POST", "/v2.0/ports", `{"port":{"network_id":"` + net89 + `","fixed_ips":[{"ip_version":4}]}}`}, {"PUT", "/v2.0/ports/" + portC, `{"port":{"name":"x"}}`},
		{"DELETE", "/v2.0/ports/" + portC, ""}, {"GET", "/v1/attachments?server=vm1", ""}, {"GET", "/v1/attachments/" + first, ""},
		{"POST", "/v1/attachments", `{"server":"vm1","network":"net89","tag":"t"}`}, {"POST", "/v1/attachments", `{"server":"vm1","dry_run":true}`},
		{"POST", "/v1/attachments", `{"server":"vm1","port":"none"}`}, {"GET", "/v1/attachments/none", ""},
		{"POST", batch, `{"attachments":[{"server":"vm1","network":"net89"},{"server":"vm9","network":"net89"}]}`},
		{"PATCH", "/v1/ports/" + first, `{"link_state":"down"}`}, {"GET", "/v1/operations", ""}, {"GET", "/v1/operations/none", ""},
		{"DELETE", "/v1/attachments/" + first, ""}, {"GET", "/v1/status", ""}, {"GET", "/healthz", ""}, {"GET", "/readyz", ""},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			w, _, _, _ := eventful(t)
			w.servers[0].Project = ""
			w.plug(vm1, first, "")
			w.plug(vm1, portA, "")
			a := serve(t, w, identities["admin"])
			r := httptest.NewRequest(tt.method, tt.path, nil)
			route, _ := a.find(r.Method, r.URL.Path)
			path := spellOut(route.pattern)[0]
			operation := spec(s.at("paths", path, strings.ToLower(tt.method)).(map[string]any))
			got := ask(a, tt.method, tt.path, tt.body)
			s.checkExchange(t, operation, tt.body, got)
		})
	}
}

// checkExchange holds a request that was met, and every answer, to the document.
func (s spec) checkExchange(t *testing.T, operation spec, body string, got *httptest.ResponseRecorder) {
	t.Helper()
	status := strconv.Itoa(got.Code)
	if got.Code < 300 && body != "" {
		s.checkText(t, "request", operation.at("requestBody", "content", "application/json", "schema"), body)
	}
	answer := operation.at("responses", status)
	if answer == nil && got.Code >= http.StatusBadRequest {
		answer = operation.at("responses", "default")
	}
	if answer == nil {
		t.Fatalf("answered %s, which the document does not have: %s", status, got.Body)
	}
	schema := spec(answer.(map[string]any)).at("content", "application/json", "schema")
	if schema == nil && got.Body.Len() > 0 {
		t.Fatalf("answered %s, where the document has no body", got.Body)
	}
	if schema != nil {
		s.checkText(t, "answer", schema, got.Body.String())
	}
}

func (s spec) checkText(t *testing.T, what string, schema any, text string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s %q: %v", what, text, err)
	}
	if schema == nil {
		t.Fatalf("the document has no schema for the %s %s", what, text)
	}
	for _, wrong := range s.violations("", schema.(map[string]any), v) {
		t.Errorf("%s %s: %s", what, text, wrong)
	}
}

// violations says where v is not as schema has it, in the keywords that the
// document uses.
func (s spec) violations(at string, schema map[string]any, v any) (found []string) {
	if name, ok := schema["$ref"].(string); ok {
		return s.violations(at, s.at("components", "schemas", strings.TrimPrefix(name, "#/components/schemas/")).(map[string]any), v)
	}
	wrong := func(format string, args ...any) { found = append(found, at+" "+fmt.Sprintf(format, args...)) }
	if kinds, ok := schema["type"]; ok && !slices.Contains(listOf(kinds), any(kindOfJSON(v, kinds))) {
		wrong("is %T, not %v", v, kinds)
		return found
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		wrong("is %v, none of %v", v, enum)
	}
	switch v := v.(type) {
	case []any:
		if least, ok := schema["minItems"].(float64); ok && len(v) < int(least) {
			wrong("has %d items", len(v))
		}
		if items, ok := schema["items"].(map[string]any); ok {
			for i, item := range v {
				found = append(found, s.violations(fmt.Sprintf("%s[%d]", at, i), items, item)...)
			}
		}
	case map[string]any:
		found = append(found, s.membersViolate(at, schema, v)...)
	}
	return found
}

func (s spec) membersViolate(at string, schema, v map[string]any) (found []string) {
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, there := v[name.(string)]; !there {
			found = append(found, fmt.Sprintf("%s lacks %v", at, name))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(v)) {
		below, known := properties[name].(map[string]any)
		if others, ok := schema["additionalProperties"].(map[string]any); !known && ok {
			below, known = others, true
		}
		switch {
		case known:
			found = append(found, s.violations(at+"."+name, below, v[name])...)
		case schema["additionalProperties"] == false:
			found = append(found, fmt.Sprintf("%s has %s, which is not in the document", at, name))
		}
	}
	return found
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// kindOfJSON names the type of v as JSON Schema does; a whole number is an
// integer where one is allowed.
func kindOfJSON(v, allowed any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case float64:
		if v == float64(int64(v)) && slices.Contains(listOf(allowed), any("integer")) {
			return "integer"
		}
		return "number"
	}
	return "object"
}
