package api

import (
	"embed"
	"encoding/json"
	"maps"
)

// The document of all that is served, in the form of OpenAPI 3.1. Its parts are
// written by hand, one for each dialect, without what is the same everywhere: that
// is added here.
//
//go:embed openapi/*.json
var openapiParts embed.FS

// A part is what one dialect has: below each of its bases, the same paths.
type part struct {
	Bases []string `json:"bases"`
	Fault string   `json:"fault"` // the schema of its errors

	Versioned bool                             `json:"versioned"` // has microversions, below /v2.1
	Paths     map[string]map[string]documented `json:"paths"`
	Schemas   map[string]any                   `json:"schemas"`
}

// documented is what is said of a method of a path. Its answers are by status,
// each with the name of a schema, or "" for no body.
type documented struct {
	Summary string
	Query   map[string]any
	Filters string // the name of the schema whose members a query may have, too
	Body    string // the name of the schema of the request
	Lines   string // the name of the schema of each line, where the answer may come line by line
	answers map[string]string
}

// UnmarshalJSON reads the members of d, and takes those that are numbers for
// answers.
func (d *documented) UnmarshalJSON(raw []byte) error {
	type plain documented
	if err := json.Unmarshal(raw, (*plain)(d)); err != nil {
		return err
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	d.answers = map[string]string{}
	for status, schema := range members {
		if status[0] >= '1' && status[0] <= '5' {
			d.answers[status], _ = schema.(string)
		}
	}
	return nil
}

// openapi returns the whole document.
func openapi(version string) (map[string]any, error) {
	files, err := openapiParts.ReadDir("openapi")
	if err != nil {
		return nil, err
	}
	paths, schemas := map[string]any{}, map[string]any{}
	for _, f := range files {
		raw, err := openapiParts.ReadFile("openapi/" + f.Name())
		if err != nil {
			return nil, err
		}
		var p part
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, err
		}
		maps.Copy(schemas, p.Schemas)
		p.into(paths)
	}
	return map[string]any{
		"openapi":    "3.1.0",
		"info":       map[string]any{"title": "vifd", "version": version, "description": "Network interfaces for running virtual machines"},
		"paths":      paths,
		"components": map[string]any{"schemas": schemas},
	}, nil
}

// into adds the paths of p, each in every spelling.
func (p part) into(paths map[string]any) {
	for _, base := range p.Bases {
		for pattern, methods := range p.Paths {
			for _, path := range spellOut(base + pattern) {
				item, ok := paths[path].(map[string]any)
				if !ok {
					item = map[string]any{}
					paths[path] = item
				}
				for method, d := range methods {
					item[method] = p.operation(method, path, d)
				}
			}
		}
	}
}

func (a *API) showOpenAPI(*call) (reply, error) {
	document, err := openapi(a.Version)
	return ok(document), err
}
