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
	o := map[string]any{"summary": d.Summary, "responses": answers, "parameters": parameters(method, path, d.Query)}
	if d.Body != "" {
		o["requestBody"] = map[string]any{"required": !d.BodyOptional, "content": content(d.Body)}
	}
	return o
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
	return map[string]any{kind: map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/" + schema}}}
}

// parameters are those of the path, of the query, and the key of a change.
func parameters(method, path string, query map[string]any) []any {
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
	for _, name := range slices.Sorted(maps.Keys(query)) {
		add(name, "query", query[name])
	}
	if method != "get" {
		add(onceHeader, "header", map[string]any{"type": "string", "minLength": 1, "maxLength": maxKey})
	}
	return list
}
