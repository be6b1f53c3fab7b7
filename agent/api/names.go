package api

import (
	"context"
	"slices"
	"strings"

	"vifd/vif"
)

// namedRequest returns what body, an attachmentBody, asks for, with the names
// in it turned into IDs.
func (a *API) namedRequest(c *call, body object) (vif.Request, error) {
	server, err := a.serverNamed(c, text(body, "server", ""))
	if err != nil {
		return vif.Request{}, err
	}
	return a.requestFor(c, server, body)
}

// requestFor returns what body asks for the server.
func (a *API) requestFor(c *call, server vif.Server, body object) (r vif.Request, err error) {
	r = a.newRequest(c, server)
	if r.Port, err = a.portNamed(c, text(body, "port", "")); err != nil {
		return r, err
	}
	if r.Network, err = a.networkNamed(c, text(body, "network", "")); err != nil {
		return r, err
	}
	r.FixedIPs = addressClaims(parts(body, "fixed_ips"))
	r.MAC, _ = parseMAC(text(body, "mac", ""))
	r.Tag = vif.Tag(text(body, "tag", ""))
	r.Secure = choice(body, "port_security_enabled")
	for _, name := range texts(body, "security_groups") {
		id, err := a.groupNamed(c, name)
		if err != nil {
			return r, err
		}
		r.SecGroups = append(r.SecGroups, id)
	}
	return r, checkRequest(r, server)
}

func (a *API) serverNamed(c *call, name string) (vif.Server, error) {
	ctx, cancel := a.inTime(c)
	defer cancel()
	return one(ctx, "server", name, a.Servers.Server, a.Servers.Servers,
		func(s vif.Server) bool { return c.who.sees(s.Project) },
		func(s vif.Server) (string, string) { return s.ID, s.Name })
}

func (a *API) portNamed(c *call, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	p, err := one(c.Context(), "port", name, a.Networking.Port, a.Networking.Ports,
		func(p vif.Port) bool { return c.who.sees(p.Project) },
		func(p vif.Port) (string, string) { return p.ID, p.Name })
	return p.ID, err
}

func (a *API) networkNamed(c *call, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	n, err := one(c.Context(), "network", name, a.Networking.Network, a.Networking.Networks,
		func(n vif.Network) bool { return n.Shared || c.who.sees(n.Project) },
		func(n vif.Network) (string, string) { return n.ID, n.Name })
	return n.ID, err
}

// one returns the thing that has the name as its ID, or else as its name. There
// has to be exactly one that the caller sees.
func one[T any](ctx context.Context, what, name string, get func(context.Context, string) (T, error),
	list func(context.Context) ([]T, error), sees func(T) bool, names func(T) (id, name string)) (T, error) {
	var none T
	if id, ok := parseUUID(name); ok {
		t, err := get(ctx, id)
		if err == nil && sees(t) || err != nil && kindOf(err) != vif.NotFound {
			return t, err
		}
	}
	all, err := list(ctx)
	if err != nil {
		return none, err
	}
	found := slices.DeleteFunc(slices.Clone(all), func(t T) bool {
		_, itsName := names(t)
		return !sees(t) || itsName != name
	})
	switch len(found) {
	case 0:
		return none, vif.NotFound.Because("there is no %s with the ID or the name %s", what, repr(name))
	case 1:
		return found[0], nil
	}
	var ids []string
	for _, t := range found {
		id, _ := names(t)
		ids = append(ids, id)
	}
	return none, vif.Ambiguous.Because("more than one %s has the name %s: use one of the IDs %s", what, repr(name), strings.Join(ids, ", "))
}
