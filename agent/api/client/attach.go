package client

import (
	"context"
	"net/http"
	"net/url"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// A NewAttachment asks for an attachment. Server, Port and Network are IDs or
// names; with neither a port nor a network, the only network there is gets
// chosen.
type NewAttachment struct {
	Server   string       `json:"server"`
	Port     string       `json:"port,omitempty"`
	Network  string       `json:"network,omitempty"`
	FixedIPs []NewAddress `json:"fixed_ips,omitempty"`
	MAC      string       `json:"mac,omitempty"`
	Tag      string       `json:"tag,omitempty"`
	Secure   *bool        `json:"port_security_enabled,omitempty"`

	SecurityGroups []string `json:"security_groups,omitempty"` // IDs or names; with Network
}

// A NewAddress asks for one address.
type NewAddress struct {
	Address string `json:"ip_address,omitempty"`
	Version int    `json:"ip_version,omitempty"`
	Subnet  string `json:"subnet_id,omitempty"`
}

// Attach returns when the server has the NIC, with the truth about it, or with
// nothing changed. onProgress is told each step as it ends.
func (c *Client) Attach(ctx context.Context, n NewAttachment, onProgress func(vif.Progress)) (vif.Attachment, error) {
	var answer struct {
		Attachment wire.Attachment `json:"attachment"`
	}
	err := c.ask(ctx, asking{method: http.MethodPost, path: "/v1/attachments", body: n, answer: &answer, onProgress: onProgress})
	return answer.Attachment.Read(), err
}

// A BatchResult is what became of all that a batch asked for one server: it has
// all of it, or Err says why it has none.
type BatchResult struct {
	Server      string // its ID, or the name that was given for want of one
	Attachments []vif.Attachment
	Err         error
}

// AttachAll attaches all that is asked for, to each server all or nothing, with a
// result for each server. onProgress is told each step as it ends, with the number
// of its attachment. An error says that nothing was begun, or is an *Unreachable.
func (c *Client) AttachAll(ctx context.Context, all []NewAttachment, onProgress func(vif.Progress)) ([]BatchResult, error) {
	body := struct {
		Attachments []NewAttachment `json:"attachments"`
	}{all}
	var answer struct {
		Servers []struct {
			Server      string
			Attachments []wire.Attachment
			Error       *faultBody
		}
	}
	err := c.ask(ctx, asking{method: http.MethodPost, path: "/v1/attachments:batch", body: body, answer: &answer, onProgress: onProgress})
	var results []BatchResult
	for _, s := range answer.Servers {
		r := BatchResult{Server: s.Server}
		if s.Error != nil {
			r.Err = s.Error.refused()
		}
		for _, v := range s.Attachments {
			r.Attachments = append(r.Attachments, v.Read())
		}
		results = append(results, r)
	}
	return results, err
}

// Plan returns what Attach would do, and does none of it.
func (c *Client) Plan(ctx context.Context, n NewAttachment) ([]vif.Planned, error) {
	body := struct {
		NewAttachment
		DryRun bool `json:"dry_run"`
	}{n, true}
	var answer struct {
		Plan []vif.Planned `json:"plan"`
	}
	err := c.ask(ctx, asking{method: http.MethodPost, path: "/v1/attachments", body: body, answer: &answer})
	return answer.Plan, err
}

// SetLink sets the link that the server sees of a port that is plugged in.
func (c *Client) SetLink(ctx context.Context, port string, l vif.Link) (vif.Attachment, error) {
	var answer struct {
		Attachment wire.Attachment `json:"attachment"`
	}
	err := c.ask(ctx, asking{method: http.MethodPatch, path: "/v1/ports/" + url.PathEscape(port),
		body: map[string]vif.Link{"link_state": l}, answer: &answer})
	return answer.Attachment.Read(), err
}

// Detach returns when the guest has let go of the port and nothing of it is
// left. Where that takes longer than vifd waits, the error is of kind
// vif.Pending, and the detach goes on by itself.
func (c *Client) Detach(ctx context.Context, server, port string, onProgress func(vif.Progress)) error {
	return c.ask(ctx, asking{method: http.MethodDelete, path: "/v1/attachments/" + url.PathEscape(port),
		query: url.Values{"server": {server}}, answer: &struct{}{}, onProgress: onProgress})
}

// StartDetach returns as soon as the detach is under way. The server is an ID.
func (c *Client) StartDetach(ctx context.Context, server, port string) error {
	return c.ask(ctx, asking{method: http.MethodDelete,
		path: "/v2.1/servers/" + url.PathEscape(server) + "/os-interface/" + url.PathEscape(port)})
}

// Attachments returns what is plugged into the server, an ID or a name, or into
// any server for "".
func (c *Client) Attachments(ctx context.Context, server string) ([]vif.Attachment, error) {
	query := url.Values{}
	if server != "" {
		query.Set("server", server)
	}
	var answer struct {
		Attachments []wire.Attachment `json:"attachments"`
	}
	err := c.ask(ctx, asking{method: http.MethodGet, path: "/v1/attachments", query: query, answer: &answer})
	var all []vif.Attachment
	for _, v := range answer.Attachments {
		all = append(all, v.Read())
	}
	return all, err
}
