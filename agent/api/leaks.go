package api

import (
	"net/http"

	"vifd/vif"
)

// What vifd finds left over, missing or wrong on the host, and its metrics.

// listLeaks looks at the whole host now. With deep=1 it asks QEMU itself, too.
func (a *API) listLeaks(c *call) (reply, error) {
	found, err := a.Leaks.Leaks(c.Context(), c.URL.Query().Get("deep") == "1")
	if err != nil {
		return reply{}, err
	}
	if found == nil {
		found = []vif.Leak{}
	}
	return ok(object{{"leaks", found}}), nil
}

// showMetrics answers in the text format of Prometheus. The numbers are about
// everybody's ports.
func (a *API) showMetrics(c *call) (reply, error) {
	if c.who.Project != "" && c.who.Role < Admin {
		return reply{}, vif.Forbidden.Because("The metrics are for who is above projects.")
	}
	text, contentType, err := a.Metrics.Metrics(c.Context())
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, raw: text, contentType: contentType}, nil
}
