package api

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// operation returns a method of a path with all that belongs to it.
func (p part) operation(method, path string, d documented) map[string]any {
	answers := map[string]any{"default": answerOf("What was wrong", p.Fault)}
	for status, schema := range d.answers {
		code, _ := strconv.Atoi(status) // one that is none has no text
		answers[status] = answerOf(http.StatusText(code), schema)
	}
	if d.Lines != "" {
		whole := answers["200"].(map[string]any)["content"].(map[string]any)
		maps.Copy(whole, contentOf(ndjson, d.Lines))
	}
	o := map[string]any{"summary": d.Summary, "responses": answers, "parameters": p.parameters(method, path, d)}
	if p.hasVersions(path) {
		for _, answer := range answers {
			answer.(map[string]any)["headers"] = versionHeaders()
		}
	}
	if d.Body != "" {
		o["requestBody"] = map[string]any{"required": true, "content": content(d.Body)}
	}
	return o
}

// hasVersions tells whether what is asked at path has a microversion.
func (p part) hasVersions(path string) bool {
	return p.Versioned && strings.HasPrefix(path, compute.root)
}

// versionHeaders are those of every answer that has a microversion.
func versionHeaders() map[string]any {
	header := func(about string) map[string]any {
		return map[string]any{"description": about, "schema": map[string]any{"type": "string"}}
	}
	return map[string]any{
		versionHeader: header("The microversion of the answer, as compute 2.70"),
		legacyHeader:  header("The same, as 2.70"),
		"Vary":        header("The names of both"),
	}
}

func answerOf(description, schema string) map[string]any {
	answer := map[string]any{"description": description}
	if schema != "" {
		answer["content"] = content(schema)
	}
	return answer
}

func content(schema string) map[string]any {
	kind := cmp.Or(map[string]string{"text": "text/plain", "eventStream": "text/event-stream"}[schema], "application/json")
	return contentOf(kind, schema)
}

func contentOf(kind, schema string) map[string]any {
	return map[string]any{kind: map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/" + schema}}}
}

// parameters are those of the path, of the query, and of the headers: the key of a
// change, and the microversion.
func (p part) parameters(method, path string, d documented) []any {
	list := []any{}
	add := func(name, in string, schema any) {
		list = append(list, map[string]any{"name": name, "in": in, "required": in == "path", "schema": schema})
	}
	text := map[string]any{"type": "string"}
	for segment := range strings.SplitSeq(path, "/") {
		if name, ok := paramName(segment); ok {
			add(name, "path", text)
		}
	}
	query := p.filters(d)
	for _, name := range slices.Sorted(maps.Keys(query)) {
		add(name, "query", query[name])
	}
	if method != "get" {
		add(onceHeader, "header", map[string]any{"type": "string", "minLength": 1, "maxLength": maxKey})
	}
	if p.hasVersions(path) {
		add(versionHeader, "header", text)
		add(legacyHeader, "header", text)
	}
	return list
}

// filters are the keys of d's query, with those that are members of what is listed.
func (p part) filters(d documented) map[string]any {
	query := map[string]any{}
	listed, _ := p.Schemas[d.Filters].(map[string]any)
	members, _ := listed["properties"].(map[string]any)
	for name := range members {
		query[name] = map[string]any{"type": "string"}
	}
	maps.Copy(query, d.Query)
	return query
}
