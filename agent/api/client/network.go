package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// A Resource is a network, a subnet, a port, a security group or a rule as the Networking API has it.
type Resource map[string]any

// Text returns the attribute as text, or "" when it is none.
func (r Resource) Text(attribute string) string {
	s, _ := r[attribute].(string)
	return s
}

// A Collection is where the resources of one kind are.
type Collection struct {
	client *Client
	one    string // "network"

	nameless bool // they are known by their IDs only
}

// Networks, Subnets and Ports are the collections of the Networking API.
func (c *Client) Networks() Collection { return Collection{client: c, one: "network"} }

// Subnets are subnets.
func (c *Client) Subnets() Collection { return Collection{client: c, one: "subnet"} }

// Ports are ports.
func (c *Client) Ports() Collection { return Collection{client: c, one: "port"} }

// SecurityGroups are security groups.
func (c *Client) SecurityGroups() Collection { return Collection{client: c, one: "security_group"} }

// SecurityRules are the rules of security groups.
func (c *Client) SecurityRules() Collection {
	return Collection{client: c, one: "security_group_rule", nameless: true}
}

func (k Collection) path() string { return "/v2.0/" + strings.ReplaceAll(k.one, "_", "-") + "s" }

// words is what people call one of them.
func (k Collection) words() string { return strings.ReplaceAll(k.one, "_", " ") }

// List returns the resources that the filters let through.
func (k Collection) List(ctx context.Context, filters url.Values) ([]Resource, error) {
	var answer map[string]json.RawMessage
	err := k.client.ask(ctx, asking{method: http.MethodGet, path: k.path(), query: filters, answer: &answer})
	if err != nil {
		return nil, err
	}
	list := []Resource{}
	return list, k.client.fill(&list, answer[k.one+"s"])
}

// Create makes a resource with the attributes.
func (k Collection) Create(ctx context.Context, attributes Resource) (Resource, error) {
	var answer map[string]Resource
	err := k.client.ask(ctx, asking{method: http.MethodPost, path: k.path(),
		body: map[string]Resource{k.one: attributes}, answer: &answer})
	return answer[k.one], err
}

// Delete deletes the resource of that ID.
func (k Collection) Delete(ctx context.Context, id string) error {
	return k.client.ask(ctx, asking{method: http.MethodDelete, path: k.path() + "/" + url.PathEscape(id)})
}

// Find returns the one resource that has the ID, or else the name. None is
// vif.NotFound, and several are vif.Ambiguous.
func (k Collection) Find(ctx context.Context, name string) (Resource, error) {
	if id, ok := wire.UUID(name); ok {
		found, err := k.List(ctx, url.Values{"id": {id}})
		if err != nil {
			return nil, err
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	if k.nameless {
		return nil, vif.NotFound.Because("there is no %s with the ID %q", k.words(), name)
	}
	found, err := k.List(ctx, url.Values{"name": {name}})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, vif.NotFound.Because("there is no %s with the ID or the name %q", k.words(), name)
	case len(found) > 1:
		return nil, vif.Ambiguous.Because("more than one %s has the name %q: use one of the IDs %s", k.words(), name, strings.Join(ids(found), ", "))
	}
	return found[0], nil
}

func ids(found []Resource) []string {
	var ids []string
	for _, r := range found {
		ids = append(ids, r.Text("id"))
	}
	return slices.Sorted(slices.Values(ids))
}
