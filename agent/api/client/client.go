// Package client asks a vifd by its API, as the command line does: what is plugged
// in where, and to plug and unplug.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// A Client asks a vifd. Its methods may be called side by side. What vifd
// refuses is a *Refused, and no answer at all an *Unreachable. Each change is
// named by a key of its own, so that it is made once also when the connection
// breaks and it is asked for again.
type Client struct {
	address string
	base    string
	unix    bool   // base stands for a socket
	token   string // sent with each request; "" for none
	http    *http.Client
}

// dialTime bounds how long a connection is waited for.
const dialTime = 5 * time.Second

// New returns a client of the vifd at address: the path of a unix socket,
// with or without "unix:" before it, or an http or https URL.
func New(address string) (*Client, error) {
	c := &Client{address: address, http: &http.Client{Transport: &http.Transport{
		TLSHandshakeTimeout: dialTime,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS13},
		DialContext:         (&net.Dialer{Timeout: dialTime}).DialContext,
	}}}
	if u, err := url.Parse(address); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		c.base = strings.TrimSuffix(address, "/")
		return c, nil
	}
	path := strings.TrimPrefix(strings.TrimPrefix(address, "unix://"), "unix:")
	if path == "" || strings.Contains(path, "://") {
		return nil, vif.Invalid.Because("%q is neither the path of a unix socket nor an http or https URL", address)
	}
	c.base, c.unix = "http://vifd", true
	c.http.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "unix", path)
	}
	return c, nil
}

// Close gives back idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// An asking is one request and what its answer is read into.
type asking struct {
	method, path string
	query        url.Values
	body         any                // sent as JSON; nil for none
	answer       any                // filled from JSON; nil when only the status counts
	onProgress   func(vif.Progress) // told each step, where vifd tells them; may be nil
	key          string             // by which vifd knows a change when it is asked again; "" for none
}

func (c *Client) request(ctx context.Context, a asking) (*http.Request, error) {
	var body io.Reader
	if a.body != nil {
		raw, err := json.Marshal(a.body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", a.method, a.path, err)
		}
		body = bytes.NewReader(raw)
	}
	target := c.base + a.path
	if len(a.query) > 0 {
		target += "?" + a.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, a.method, target, body)
	if err != nil {
		return nil, vif.Invalid.From(err, "%s cannot be asked for", a.path)
	}
	request.Header.Set("Accept", "application/json")
	if c.token != "" {
		request.Header.Set("X-Auth-Token", c.token)
	}
	if a.key != "" {
		request.Header.Set(wire.OnceHeader, a.key)
	}
	if a.onProgress != nil {
		request.Header.Set("Accept", wire.NDJSON)
	}
	if a.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// follow reads an answer that comes line by line: steps, and then the end.
func (c *Client) follow(ctx context.Context, response *http.Response, a asking) error {
	lines := json.NewDecoder(response.Body)
	for {
		var line json.RawMessage
		if err := lines.Decode(&line); err != nil {
			return c.unreachable(ctx, err)
		}
		var step vif.Progress
		if err := json.Unmarshal(line, &step); err == nil && step.Step != "" {
			if a.onProgress != nil {
				a.onProgress(step)
			}
			continue
		}
		if err := refused(response, line); err != nil {
			return err
		}
		return c.fill(a.answer, line)
	}
}

func (c *Client) fill(answer any, raw []byte) error {
	if err := json.Unmarshal(raw, answer); err != nil {
		return &Unreachable{Address: c.address, Cause: fmt.Errorf("what answers there is not a vifd: %w", err)}
	}
	return nil
}

// unreachable says why there was no answer: first of all, that the caller did
// not want to wait any longer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Unreachable{Address: c.address, Cause: err}
}
