package client

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"vifd/vif"
)

// Trust has c believe servers whose certificates the authorities in pem signed,
// in place of the system's.
func (c *Client) Trust(pem []byte) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return vif.Invalid.Because("there is no certificate in it")
	}
	c.http.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	return nil
}

// SetToken has c send the token with each request. It is not sent by HTTP
// without TLS to another host.
func (c *Client) SetToken(token string) error {
	u, err := url.Parse(c.base)
	if err != nil {
		return err
	}
	if u.Scheme != "https" && !c.unix && !isLocal(u) {
		return vif.Invalid.Because("a token is not sent to %s without TLS: use an https URL", c.address)
	}
	c.token = token
	return nil
}

// A Token is who may come by a network with a secret.
type Token struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Role    string     `json:"role"`
	Project string     `json:"project"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires"` // nil for never
	Expired bool       `json:"expired"`
	Used    *time.Time `json:"used"`             // nil for never
	Secret  string     `json:"secret,omitempty"` // of one that was just made
}

// A NewToken says what a token shall be; the zero Expires is never.
type NewToken struct {
	Name    string    `json:"name"`
	Role    string    `json:"role"`
	Project string    `json:"project,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// Tokens returns all tokens, oldest first, without their secrets.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	var answer struct {
		Tokens []Token `json:"tokens"`
	}
	err := c.ask(ctx, asking{method: http.MethodGet, path: "/v1/tokens", answer: &answer})
	return answer.Tokens, err
}

// CreateToken makes a token. Its secret is told this once.
func (c *Client) CreateToken(ctx context.Context, t NewToken) (Token, error) {
	var answer struct {
		Token Token `json:"token"`
	}
	err := c.ask(ctx, asking{method: http.MethodPost, path: "/v1/tokens", body: t, answer: &answer})
	return answer.Token, err
}

// RevokeToken takes the token with that name or ID out of use.
func (c *Client) RevokeToken(ctx context.Context, name string) error {
	return c.ask(ctx, asking{method: http.MethodDelete, path: "/v1/tokens/" + url.PathEscape(name)})
}

// isLocal tells whether u is of this host.
func isLocal(u *url.URL) bool {
	a, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && a.IsLoopback()
}
