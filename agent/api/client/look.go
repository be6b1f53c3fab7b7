package client

import (
	"context"
	"net/http"

	"vifd/vif"
)

// A Status is how a vifd and its host are.
type Status struct {
	vif.Health
	Host        string            `json:"host"`
	Servers     *int              `json:"servers"`     // nil while they cannot be counted
	Attachments map[vif.State]int `json:"attachments"` // likewise
}

// Status returns how vifd and what it depends on are.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.ask(ctx, asking{method: http.MethodGet, path: "/v1/status", answer: &s})
	return s, err
}

// Servers returns the name of every server, by its ID.
func (c *Client) Servers(ctx context.Context) (map[string]string, error) {
	var answer struct {
		Servers []struct{ ID, Name string }
	}
	err := c.ask(ctx, asking{method: http.MethodGet, path: "/v2.1/servers", answer: &answer})
	names := map[string]string{}
	for _, s := range answer.Servers {
		names[s.ID] = s.Name
	}
	return names, err
}
