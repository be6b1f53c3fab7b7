package api

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"vifd/vif"
)

// The Compute API's …/servers.

func (a *API) listServers(c *call) (reply, error) {
	servers, err := a.askedServers(c)
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, s := range servers {
		list = append(list, object{{"id", s.ID}, {"name", s.Name}, {"links", serverLinks(c, s.ID)}})
	}
	return ok(object{{"servers", list}}), nil
}

func (a *API) listServersInDetail(c *call) (reply, error) {
	servers, err := a.askedServers(c)
	if err != nil {
		return reply{}, err
	}
	names, err := a.networkNames(c)
	if err != nil {
		return reply{}, err
	}
	attached, err := a.Attachments.Attached(c.Context(), "")
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, s := range servers {
		list = append(list, a.serverView(c, s, addressesOf(s.ID, attached, names)))
	}
	return ok(object{{"servers", list}}), nil
}

func (a *API) showServer(c *call) (reply, error) {
	s, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	addresses, err := a.addresses(c, s)
	if err != nil {
		return reply{}, err
	}
	return ok(object{{"server", a.serverView(c, s, addresses)}}), nil
}

// askedServers returns the servers that c's caller sees and its query asks for,
// by name.
func (a *API) askedServers(c *call) ([]vif.Server, error) {
	all, err := a.Servers.Servers(c.Context())
	if err != nil {
		return nil, err
	}
	wanted, err := serverFilter(c.URL.Query())
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(all), func(s vif.Server) bool {
		return !c.who.sees(s.Project) || !wanted(s)
	})
	slices.SortFunc(found, func(a, b vif.Server) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return page(found, c.URL.Query(), func(s vif.Server) string { return s.ID })
}

// serverFilter returns the test that a query puts servers to: the name is a
// regular expression, as in Nova; what is not known does not count.
func serverFilter(q url.Values) (func(vif.Server) bool, error) {
	name, err := regexp.Compile(q.Get("name"))
	if err != nil {
		v := violation{path: []string{"name"}, value: q.Get("name"), text: repr(q.Get("name")) + " is not a 'regex'"}
		return nil, &httpError{status: http.StatusBadRequest, text: v.nova()}
	}
	return func(s vif.Server) bool {
		return name.MatchString(s.Name) &&
			(!q.Has("status") || slices.Contains(q["status"], statusOf(s.State).status)) &&
			(!q.Has("uuid") || canonical(q.Get("uuid")) == s.ID)
	}, nil
}

// page returns the part of list that limit and marker ask for.
func page[T any](list []T, q url.Values, id func(T) string) ([]T, error) {
	if marker := q.Get("marker"); marker != "" {
		i := slices.IndexFunc(list, func(t T) bool { return id(t) == canonical(marker) })
		if i < 0 {
			return nil, vif.Invalid.Because("marker [%s] not found", marker)
		}
		list = list[i+1:]
	}
	if !q.Has("limit") {
		return list, nil
	}
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 0 {
		v := violation{path: []string{"limit"}, value: q.Get("limit"), text: repr(q.Get("limit")) + " does not match '^[0-9]*$'"}
		return nil, &httpError{status: http.StatusBadRequest, text: v.nova()}
	}
	if limit == 0 {
		return list, nil // no limit, as in Nova
	}
	return list[:min(limit, len(list))], nil
}
