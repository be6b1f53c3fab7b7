package api

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Neutron takes numbers and truth values that are written as strings, and its
// clients send them: the openstack client says "provider:segmentation_id": "321".

var (
	wholeText = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

	truths = map[string]bool{
		"1": true, "t": true, "true": true, "on": true, "y": true, "yes": true,
		"0": false, "f": false, "false": false, "off": false, "n": false, "no": false,
	}
)

// loosely returns o with those members as s has them that say the same in another
// way. What is anything else stays, for its check. o itself is changed.
func (s *schema) loosely(o object) object {
	for i, m := range o {
		for _, p := range s.properties {
			if p.name == m.name {
				o[i].value = p.schema.loose(m.value)
			}
		}
	}
	return o
}

func (s *schema) loose(v any) any {
	said, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber && s.kind == "boolean" {
		said, ok = string(n), true
	}
	if !ok {
		return v
	}
	if b, known := truths[strings.ToLower(said)]; known && s.kind == "boolean" {
		return b
	}
	if s.kind == "integer" && wholeText.MatchString(said) {
		return json.Number(said)
	}
	return v
}
