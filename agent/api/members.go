package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The keywords of a schema that are about the parts of a value.

func checkItems(s *schema, v any) *violation {
	list, ok := v.([]any)
	if !ok || s.items == nil {
		return nil
	}
	for i, item := range list {
		if found := s.items.check(item); found != nil {
			return found.below(strconv.Itoa(i))
		}
	}
	return nil
}

func checkProperties(s *schema, v any) *violation {
	o, _ := v.(object)
	for _, p := range s.properties {
		value, there := o.get(p.name)
		if !there {
			continue
		}
		if found := p.schema.check(value); found != nil {
			return found.below(p.name)
		}
	}
	return nil
}

// below returns v as seen from one step further up.
func (v *violation) below(step string) *violation {
	v.path = slices.Insert(v.path, 0, step)
	return v
}

func checkRequired(s *schema, v any) *violation {
	o, _ := v.(object)
	for _, name := range s.required {
		if _, there := o.get(name); !there {
			found := says("%s is a required property", repr(name))
			found.names = []string{name}
			return found
		}
	}
	return nil
}

func checkAdditional(s *schema, v any) *violation {
	o, ok := v.(object)
	if !ok || s.open {
		return nil
	}
	var extra, quoted []string
	for _, m := range o {
		if !slices.ContainsFunc(s.properties, func(p property) bool { return p.name == m.name }) {
			extra, quoted = append(extra, m.name), append(quoted, repr(m.name))
		}
	}
	if extra == nil {
		return nil
	}
	verb := map[bool]string{true: "was", false: "were"}[len(extra) == 1]
	found := says("Additional properties are not allowed (%s %s unexpected)", shorten(strings.Join(quoted, ", ")), verb)
	found.names = extra
	return found
}

func checkRule(s *schema, v any) *violation {
	if s.rule == nil {
		return nil
	}
	if text := s.rule(v); text != "" {
		return says("%s", text)
	}
	return nil
}

// last returns the name of the part that is wrong, or "" for the whole value.
func (v *violation) last() string {
	if len(v.path) == 0 {
		return ""
	}
	return v.path[len(v.path)-1]
}

// nova returns v in the words of the Compute API.
func (v *violation) nova() string {
	if v.last() == "" {
		return v.text
	}
	return fmt.Sprintf("Invalid input for field/attribute %s. Value: %s. %s", v.last(), str(v.value), v.text)
}
