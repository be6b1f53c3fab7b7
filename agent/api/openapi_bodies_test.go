package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// bodies are the schemas that requests are held to, by what is below the base of
// their paths. At /v2 what is open there is not what the document says: it says that.
var bodies = map[string]*schema{
	"POST /servers/{server}/os-interface":            createBody(newest, compute),
	"POST /servers/{server}/os-virtual-interfacesv2": virtualInterfaceBody,
	"POST /servers/{server}/action":                  serverActionBody(),
	"POST /networks":                                 enveloped("network", networkCreated),
	"PUT /networks/{id}":                             enveloped("network", networkChanged),
	"POST /subnets":                                  enveloped("subnet", subnetCreated),
	"PUT /subnets/{id}":                              enveloped("subnet", subnetChanged),
	"POST /ports":                                    enveloped("port", portCreated),
	"PUT /ports/{id}":                                enveloped("port", portChanged),
	"POST /security-groups":                          enveloped("security_group", groupCreated),
	"PUT /security-groups/{id}":                      enveloped("security_group", groupChanged),
	"POST /security-group-rules":                     enveloped("security_group_rule", ruleCreated),
	"POST /v1/attachments":                           attachmentBody,
	"POST /v1/attachments:batch":                     batchBody,
	"PATCH /v1/ports/{port}":                         linkBody,
	"POST /v1/tokens":                                tokenBody,
	"POST /v1/store/rebuild":                         nil,
	"POST /v1/servers/{server}/prepare":              nil,
}

// serverActionBody is the schema of all actions: a body has one of them.
func serverActionBody() *schema {
	return &schema{kind: "object", properties: slices.Concat(lockBody.properties, []property{{name: "unlock", schema: &schema{}}},
		addFixedIPBody(false).properties, removeFixedIPBody(false).properties,
		groupBody("addSecurityGroup", false).properties, groupBody("removeSecurityGroup", false).properties)}
}

// said is s in the form of the document.
func (s *schema) said() map[string]any {
	m := map[string]any{}
	for name, n := range map[string]int{"minLength": s.minLength, "maxLength": s.maxLength, "minItems": s.minItems, "maxItems": s.maxItems, "maximum": s.max} {
		if n != 0 {
			m[name] = float64(n)
		}
	}
	if s.max != 0 {
		m["minimum"] = float64(s.min)
	}
	if s.pattern != nil {
		m["pattern"] = s.pattern.String()
	}
	if s.items != nil {
		m["items"] = s.items.said()
	}
	if s.kind == "object" {
		s.sayMembers(m)
	}
	s.sayKind(m)
	return m
}

func (s *schema) sayKind(m map[string]any) {
	if s.kind == "" {
		return
	}
	m["type"] = s.kind
	if s.null {
		m["type"] = []any{s.kind, "null"}
	}
	var enum []any
	for _, v := range s.enum {
		if n, ok := v.(json.Number); ok {
			v, _ = n.Float64()
		}
		enum = append(enum, v)
	}
	if enum != nil && s.null {
		enum = append(enum, nil)
	}
	if enum != nil {
		m["enum"] = enum
	}
}

func (s *schema) sayMembers(m map[string]any) {
	properties := map[string]any{}
	for _, p := range s.properties {
		properties[p.name] = p.schema.said()
	}
	m["properties"] = properties
	if !s.open {
		m["additionalProperties"] = false
	}
	if len(s.required) > 0 {
		names := []any{}
		for _, name := range slices.Sorted(slices.Values(s.required)) {
			names = append(names, name)
		}
		m["required"] = names
	}
}

// Every body is held to what the document says of it, no more and no less.
func TestBodiesAreAsDocumented(t *testing.T) {
	s, seen := readSpec(t), map[string]bool{}
	for path, item := range s.at("paths").(map[string]any) {
		for method, operation := range item.(map[string]any) {
			what := strings.ToUpper(method) + " " + belowBase(path)
			checked, changes := bodies[what]
			if wanted := slices.Contains([]string{"post", "put", "patch"}, method); wanted != changes {
				t.Errorf("%s: add it to the bodies", what)
				continue
			}
			seen[what] = true
			said := spec(operation.(map[string]any)).at("requestBody", "content", "application/json", "schema", "$ref")
			if (said == nil) != (checked == nil) {
				t.Errorf("%s: the document has the body %v", what, said)
			}
			if checked == nil || said == nil {
				continue
			}
			name := strings.TrimPrefix(said.(string), "#/components/schemas/")
			for _, wrong := range schemasDiffer(name, checked.said(), s.at("components", "schemas", name)) {
				t.Errorf("%s: %s", what, wrong)
			}
		}
	}
	for what := range bodies {
		if !seen[what] {
			t.Errorf("%s is not in the document", what)
		}
	}
}

// Where the document wants a body, none at all is refused.
func TestBodiesAreNeeded(t *testing.T) {
	for path, item := range readSpec(t).at("paths").(map[string]any) {
		for method, operation := range item.(map[string]any) {
			if spec(operation.(map[string]any)).at("requestBody", "required") == true {
				a, _ := fullWorld(t)
				at := strings.ReplaceAll(samples.Replace(path), "{project}", project)
				want(t, ask(a, strings.ToUpper(method), at, ""), 400, "")
			}
		}
	}
}

// belowBase returns path without the base that others have, too.
func belowBase(path string) string {
	for _, base := range []string{"/v2.1/{project}", "/v2/{project}", "/v2.1", "/v2.0", "/v2"} {
		if rest, ok := strings.CutPrefix(path, base+"/"); ok {
			return "/" + rest
		}
	}
	return path
}

// schemasDiffer says where the document has another schema than is checked. What it
// says in prose, and that an action is one of many, no schema of ours has.
func schemasDiffer(at string, checked, said any) (found []string) {
	is, isMap := checked.(map[string]any)
	has, alsoMap := said.(map[string]any)
	if !isMap || !alsoMap {
		if !reflect.DeepEqual(checked, said) {
			found = append(found, fmt.Sprintf("%s: checked is %v, documented %v", at, checked, said))
		}
		return found
	}
	names := maps.Clone(is)
	maps.Copy(names, has)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if slices.Contains([]string{"description", "minProperties", "maxProperties"}, name) && !strings.HasSuffix(at, ".properties") {
			continue
		}
		is, has := is[name], has[name]
		if list, ok := has.([]any); ok && name == "required" {
			has = sortedAny(list)
		}
		found = append(found, schemasDiffer(at+"."+name, is, has)...)
	}
	return found
}

func sortedAny(list []any) []any {
	return slices.SortedFunc(slices.Values(list), func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}
