package api

import (
	"net/http"
	"strings"
)

// A route is a row of the table of what is served.
type route struct {
	method  string
	pattern string // {name} stands for one segment, and […] may be left out
	who     Role   // the least that a caller must be
	as      *dialect
	handle  func(*call) (reply, error)

	paths [][]string // pattern, spelled out and cut into segments
}

// anyMethod is the method of a route for all that are not in a row before it.
const anyMethod = "*"

// changes tells whether the route is there to change something.
func (r *route) changes() bool {
	return r.method != http.MethodGet && r.exists()
}

// exists tells whether there is something at the route, and not only an answer
// that there is nothing, for which no body counts.
func (r *route) exists() bool { return r.method != anyMethod && r.method != "" }

// probed tells whether the route may be asked by HEAD, as load balancers do: what
// anybody may see of vifd itself. Nova's own paths know no HEAD.
func (r *route) probed() bool {
	return r.method == http.MethodGet && r.who == Nobody && (r.as == own || r.as == root)
}

// spellOut returns the paths that a pattern stands for.
func spellOut(pattern string) []string {
	before, rest, found := strings.Cut(pattern, "[")
	if !found {
		return []string{pattern}
	}
	optional, after, _ := strings.Cut(rest, "]")
	return append(spellOut(before+after), spellOut(before+optional+after)...)
}

func segments(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

// find returns the route of a request and what its path says: the first that
// matches in the table, or the fallback for its first segment.
func (a *API) find(method, path string) (*route, map[string]string) {
	cut := segments(path)
	for i := range a.table {
		if params, ok := a.table[i].match(method, cut); ok {
			return &a.table[i], params
		}
	}
	for i := range a.table {
		if r := &a.table[i]; r.method == "" && (r.pattern == "/"+cut[0] || r.pattern == "") {
			return r, nil
		}
	}
	return nil, nil // not reached: the last row of the table takes everything
}

func (r *route) match(method string, path []string) (map[string]string, bool) {
	if r.method != method && r.method != anyMethod && (method != http.MethodHead || !r.probed()) {
		return nil, false
	}
	for _, wanted := range r.paths {
		if params, ok := matchPath(wanted, path); ok {
			return params, true
		}
	}
	return nil, false
}

func matchPath(wanted, path []string) (map[string]string, bool) {
	if len(wanted) != len(path) {
		return nil, false
	}
	for i, w := range wanted {
		if name, ok := paramName(w); ok && !fits(name, path[i]) || !ok && w != path[i] {
			return nil, false
		}
	}
	params := map[string]string{}
	for i, w := range wanted {
		if name, ok := paramName(w); ok {
			params[name] = path[i]
		}
	}
	return params, true
}

// paramName returns the name of the parameter that a segment of a pattern is.
func paramName(segment string) (string, bool) {
	name, ok := strings.CutPrefix(segment, "{")
	return strings.TrimSuffix(name, "}"), ok
}

func fits(name, value string) bool {
	return value != "" && (name != "project" || isProject(value))
}

// isProject tells whether s may be the project in a path: as in Nova, hex
// digits and dashes.
func isProject(s string) bool { return strings.Trim(s, "0123456789abcdef-") == "" }
