package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	if choices, ok := schema["anyOf"].([]any); ok && !slices.ContainsFunc(choices, func(c any) bool {
		return len(s.violations(at, c.(map[string]any), v)) == 0
	}) {
		return []string{at + " is none of what it may be"}
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
