package api

import (
	"fmt"
	"strings"
)

// refusal says in the words of the Networking API what is wrong with a body
// (neutron_lib/api/attributes.py, neutron/api/api_common.py).
func (n *collection[T]) refusal(v *violation) string {
	switch {
	case len(v.path) == 0 && v.keyword == "required":
		return fmt.Sprintf("Unable to find '%s' in request body", n.one)
	case len(v.path) == 0 && v.keyword == "type":
		return "Resource body required"
	case v.keyword == "required" && len(v.path) == 1:
		return fmt.Sprintf("Failed to parse request. Required attribute '%s' not specified", v.names[0])
	case v.keyword == "additionalProperties" && len(v.path) < 2:
		return n.unrecognized(v.names)
	}
	return fmt.Sprintf("Invalid input for %s. Reason: %s.", v.attribute(), v.text)
}

// unrecognized says that an update may not have an attribute, or that there is
// none of that name.
func (n *collection[T]) unrecognized(names []string) string {
	if n.created.names(names[0]) {
		return fmt.Sprintf("Cannot update read-only attribute %s", names[0])
	}
	return fmt.Sprintf("Unrecognized attribute(s) '%s'", shorten(strings.Join(names, "', '")))
}

// attribute returns the name of the attribute that v is in.
func (v *violation) attribute() string {
	if len(v.path) > 1 {
		return v.path[1]
	}
	return v.last()
}
