package api

import (
	"context"
	"net/http"
	"net/url"

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

// Leaks returns what is wrong on the host.
func (c *Client) Leaks(ctx context.Context, deep bool) ([]vif.Leak, error) {
	a := asking{method: http.MethodGet, path: "/v1/leaks"}
	if deep {
		a.query = url.Values{"deep": {"1"}}
	}
	var answer struct{ Leaks []vif.Leak }
	a.answer = &answer
	err := c.ask(ctx, a)
	return answer.Leaks, err
}
