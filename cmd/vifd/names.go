package main

import (
	"cmp"
	"context"

	"vifd/agent/api/client"
)

// names are what people call servers and networks, by their IDs.
type names struct{ servers, networks map[string]string }

// names asks for them where a table is going to show them. What cannot be had
// is shown by its ID.
func (a *app) names(ctx context.Context, c *client.Client) names {
	n := names{networks: map[string]string{}}
	if a.output.String() != "table" {
		return n
	}
	if servers, err := c.Servers(ctx); err == nil {
		n.servers = servers
	}
	if networks, err := c.Networks().List(ctx, nil); err == nil {
		for _, r := range networks {
			n.networks[r.Text("id")] = r.Text("name")
		}
	}
	return n
}

func (n names) server(id string) string  { return cmp.Or(n.servers[id], id) }
func (n names) network(id string) string { return cmp.Or(n.networks[id], id) }
