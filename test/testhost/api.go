package testhost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
)

// Client returns a client of vifd's API that finds it at the socket, whatever
// the host in the URL.
func (h *Host) Client() *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", h.Socket)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}

func (h *Host) get(ctx context.Context, path string) error {
	return h.call(ctx, http.MethodGet, path, nil, nil)
}

// call sends in, if any, as JSON, and decodes the answer into out, if any.
func (h *Host) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if in == nil {
		body = nil
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://vifd"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := h.Client().Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// createNetwork makes n and its subnets by the Networking API.
func (h *Host) createNetwork(ctx context.Context, n Network) error {
	type object = map[string]any
	var made struct{ Network struct{ ID string } }
	err := h.call(ctx, http.MethodPost, "/v2.0/networks", object{"network": object{
		"name":                     n.Name,
		"provider:network_type":    "vlan",
		"provider:segmentation_id": n.VLAN,
	}}, &made)
	if err != nil {
		return fmt.Errorf("network %s: %w", n.Name, err)
	}
	for _, text := range n.CIDRs {
		cidr, err := netip.ParsePrefix(text)
		if err != nil {
			return err
		}
		version := 6
		if cidr.Addr().Is4() {
			version = 4
		}
		err = h.call(ctx, http.MethodPost, "/v2.0/subnets", object{"subnet": object{
			"network_id": made.Network.ID, "ip_version": version, "cidr": text,
		}}, nil)
		if err != nil {
			return fmt.Errorf("subnet %s: %w", text, err)
		}
	}
	return nil
}
