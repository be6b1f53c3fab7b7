package client

import (
	"context"
	"net/http"
	"net/url"

	"vifd/vif"
)

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

// Rebuild has vifd give its store back what it has lost.
func (c *Client) Rebuild(ctx context.Context) (r vif.Rebuilt, err error) {
	err = c.ask(ctx, asking{method: http.MethodPost, path: "/v1/store/rebuild", answer: &r})
	return r, err
}

// Prepare has vifd make what a server needs that is about to start.
func (c *Client) Prepare(ctx context.Context, server string) error {
	return c.ask(ctx, asking{method: http.MethodPost, path: "/v1/servers/" + url.PathEscape(server) + "/prepare"})
}
