package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// An OperationQuery says which operations are wanted. Its zero value says the
// newest, of all.
type OperationQuery struct {
	Server string // an ID or a name
	Port   string // an ID
	Since  time.Time
	Limit  int
	Marker string // the ID of the last operation of the page before
}

func (q OperationQuery) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"server": q.Server, "port": q.Port, "marker": q.Marker} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if !q.Since.IsZero() {
		v.Set("since", q.Since.UTC().Format(time.RFC3339))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Operations returns what was asked for, newest first.
func (c *Client) Operations(ctx context.Context, q OperationQuery) ([]vif.Operation, error) {
	var answer struct {
		Operations []wire.Operation `json:"operations"`
	}
	err := c.ask(ctx, asking{method: http.MethodGet, path: "/v1/operations", query: q.values(), answer: &answer})
	var all []vif.Operation
	for _, v := range answer.Operations {
		all = append(all, v.Read())
	}
	return all, err
}

// Operation returns the operation with the ID.
func (c *Client) Operation(ctx context.Context, id string) (vif.Operation, error) {
	var answer struct {
		Operation wire.Operation `json:"operation"`
	}
	err := c.ask(ctx, asking{method: http.MethodGet, path: "/v1/operations/" + url.PathEscape(id), answer: &answer})
	return answer.Operation.Read(), err
}
