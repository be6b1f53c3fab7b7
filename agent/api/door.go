package api

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// A Door is a way in: where clients come, how they are told apart there, and by
// which names they may call vifd. What is no Door is one to Serve, with the
// API's own Who.
type Door struct {
	net.Listener
	Who   Who
	TLS   *tls.Config // nil for plain HTTP
	Names []string    // beside the address that the door is at
}

// door returns what l is.
func (a *API) door(l net.Listener) *Door {
	if d, ok := l.(*Door); ok {
		return d
	}
	return &Door{Listener: l, Who: a.Who}
}

type doorKey struct{}

// withDoor puts the door that conn came in by into the context of its requests,
// and whoever the kernel says is at its other end.
func withDoor(ctx context.Context, conn net.Conn) context.Context {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	c, ok := conn.(*limitedConn)
	if !ok {
		return ctx
	}
	ctx = context.WithValue(context.WithValue(ctx, connKey{}, c), doorKey{}, c.door)
	if c.cred != nil {
		ctx = context.WithValue(ctx, peerKey{}, *c.cred)
	}
	return ctx
}

// remote tells whether clients come by a network, where anybody may try.
func (d *Door) remote() bool { return d.Listener != nil && d.Addr().Network() != "unix" }

// answersTo tells whether r calls vifd by a name that stands for this door. A
// page whose name was made to point here, and so may read the answers (DNS
// rebinding), has a name of its own.
func (d *Door) answersTo(r *http.Request) bool {
	if !d.remote() {
		return true
	}
	name := hostOf(r.Host)
	if slices.ContainsFunc(d.Names, func(n string) bool { return strings.EqualFold(n, name) }) {
		return true
	}
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if at == nil {
		at = d.Addr()
	}
	here, err := netip.ParseAddrPort(at.String())
	if err != nil {
		return false
	}
	called, isAddr := parseAddr(name)
	return isAddr && called == here.Addr().Unmap() || here.Addr().Unmap().IsLoopback() && isLocalName(r.Host)
}

// hostOf returns the host of a Host header, without its port.
func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.Trim(host, "[]")
}
