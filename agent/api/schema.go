package api

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A schema says what a JSON value must be, in the words of JSON Schema (draft 4).
// What is not set does not constrain.
type schema struct {
	kind                 string // "object", "array", "string", "integer" or "boolean"
	null                 bool   // null will do as well
	minLength, maxLength int
	pattern              *regexp.Regexp
	format               string // a key of formats
	min, max             int    // of an integer; only where max is set
	enum                 []any
	minItems, maxItems   int
	items                *schema
	properties           []property // of an object, which may have no others
	open                 bool       // but for this one, which may
	required             []string
	rule                 func(v any) string // for what no keyword says; "" is all right
}

type property struct {
	name   string
	schema *schema
	admin  bool // only an admin may give it
}

// A violation is the first thing about a value that its schema does not allow.
type violation struct {
	keyword string   // of the schema
	path    []string // to the part of the value
	value   any      // that part
	names   []string // of members, where the keyword is about them
	text    string   // what is wrong, in the words of Python's jsonschema
}

// check returns how v violates s, or nil. Keywords are checked in their order
// below, and members in the order of the schema.
func (s *schema) check(v any) *violation {
	if s.null && v == nil {
		return nil
	}
	for _, k := range keywords() {
		if found := k.check(s, v); found != nil {
			if found.keyword == "" {
				found.keyword, found.value = k.name, v
			}
			return found
		}
	}
	return nil
}

type keyword struct {
	name  string
	check func(s *schema, v any) *violation
}

func keywords() []keyword {
	return []keyword{
		{"type", checkType},
		{"length", checkLength},
		{"pattern", checkPattern},
		{"format", checkFormat},
		{"enum", checkEnum},
		{"range", checkRange},
		{"items", checkItems},
		{"properties", checkProperties},
		{"required", checkRequired},
		{"rule", checkRule},
		{"additionalProperties", checkAdditional},
	}
}

func says(format string, args ...any) *violation {
	return &violation{text: fmt.Sprintf(format, args...)}
}

func checkType(s *schema, v any) *violation {
	if s.kind == "" || s.kind == typeOf(v) {
		return nil
	}
	return says("%s is not of type '%s'", repr(v), s.kind)
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return "number"
		}
		return "integer"
	case []any:
		return "array"
	}
	return "object"
}

func checkLength(s *schema, v any) *violation {
	n, least, most := 0, s.minLength, s.maxLength
	switch v := v.(type) {
	case string:
		n = utf8.RuneCountInString(v)
	case []any:
		n, least, most = len(v), s.minItems, s.maxItems
	}
	switch {
	case n < least:
		return says("%s is too short", repr(v))
	case most > 0 && n > most:
		return says("%s is too long", repr(v))
	}
	return nil
}

func checkPattern(s *schema, v any) *violation {
	if s.pattern == nil || s.pattern.MatchString(v.(string)) {
		return nil
	}
	return says("%s does not match '%s'", repr(v), s.pattern)
}

func checkFormat(s *schema, v any) *violation {
	f, ok := formats[s.format]
	if !ok || f.is(v.(string)) {
		return nil
	}
	return says(f.text, repr(v))
}

func checkEnum(s *schema, v any) *violation {
	if s.enum == nil || slices.Contains(s.enum, v) {
		return nil
	}
	return says("%s is not one of %s", repr(v), repr(s.enum))
}

func checkRange(s *schema, v any) *violation {
	if s.max == 0 {
		return nil
	}
	n, err := strconv.ParseInt(string(v.(json.Number)), 10, 64)
	negative := strings.HasPrefix(string(v.(json.Number)), "-")
	switch {
	case err != nil && negative || err == nil && n < int64(s.min):
		return says("%s is less than the minimum of %d", repr(v), s.min)
	case err != nil || n > int64(s.max):
		return says("%s is greater than the maximum of %d", repr(v), s.max)
	}
	return nil
}
