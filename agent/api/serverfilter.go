package api

import (
	"regexp"
	"slices"
	"strings"

	"vifd/vif"
)

// serverTests are the keys of a query for servers that count, and since which
// microversion; any other does not, as in Nova. One of the values of a key has to fit.
var serverTests = map[string]struct {
	since int
	fits  func(s vif.Server, value string) bool
}{
	"uuid":       {0, func(s vif.Server, value string) bool { return s.ID == canonical(value) }},
	"status":     {0, func(s vif.Server, value string) bool { return strings.EqualFold(statusOf(s.State).status, value) }},
	"image":      {0, func(s vif.Server, value string) bool { return s.Image == canonical(value) }},
	"flavor":     {0, func(s vif.Server, value string) bool { return flavorName(s) == value }},
	"project_id": {0, ofProject},
	"tenant_id":  {0, ofProject},
	"user_id":    {0, func(s vif.Server, value string) bool { return canonical(s.User) == canonical(value) }},
	"deleted":    {0, func(_ vif.Server, value string) bool { return !isTrue(value) }},
	"locked":     {73, func(s vif.Server, value string) bool { return s.Locked == isTrue(value) }},
}

func ofProject(s vif.Server, value string) bool { return canonical(s.Project) == canonical(value) }

// isTrue tells whether OpenStack reads value as true.
func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "1", "t", "true", "on", "y", "yes":
		return true
	}
	return false
}

// serverFilter returns the test that c's query puts servers to. A name is a
// regular expression, as in Nova.
func serverFilter(c *call) (func(vif.Server) bool, error) {
	q := c.URL.Query()
	name, err := regexp.Compile(q.Get("name"))
	if err != nil {
		return nil, badQuery("name", q.Get("name"), "is not a 'regex'")
	}
	return func(s vif.Server) bool {
		for key, values := range q {
			test, known := serverTests[key]
			if known && c.version.atLeast(test.since) && !slices.ContainsFunc(values, func(v string) bool { return test.fits(s, v) }) {
				return false
			}
		}
		return name.MatchString(s.Name)
	}, nil
}
