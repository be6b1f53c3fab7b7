package api

import (
	"net/http"
	"slices"
)

// conforms checks c's body, in a soft dialect without what s does not name.
func (c *call) conforms(s *schema) error {
	if c.route.as.soft {
		c.body = s.strip(c.body)
	}
	if found := s.check(c.body); found != nil {
		return &httpError{status: http.StatusBadRequest, text: found.nova()}
	}
	return nil
}

// strip returns v without the members that s does not name. As in Nova, an
// object of which it names none stays as it is (nova/api/validation/validators.py).
func (s *schema) strip(v any) any {
	switch v := v.(type) {
	case object:
		return s.stripObject(v)
	case []any:
		return s.stripList(v)
	}
	return v
}

func (s *schema) stripObject(o object) object {
	known := object{}
	for _, m := range o {
		i := slices.IndexFunc(s.properties, func(p property) bool { return p.name == m.name })
		if i >= 0 {
			known = append(known, member{m.name, s.properties[i].schema.strip(m.value)})
		}
	}
	if len(known) == 0 {
		return o
	}
	return known
}

func (s *schema) stripList(list []any) []any {
	if s.items == nil {
		return list
	}
	stripped := make([]any, 0, len(list))
	for _, v := range list {
		stripped = append(stripped, s.items.strip(v))
	}
	return stripped
}
