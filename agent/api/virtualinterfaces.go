package api

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"vifd/vif"
)

// The Compute API's …/servers/{server}/os-virtual-interfaces, from when Nova had
// networks of its own. It ended with 2.43.

// maxVirtualInterfaces is how many are listed at most (Nova's [api]max_limit).
const maxVirtualInterfaces = 1000

var errGone = &httpError{
	status: http.StatusGone, text: "This resource is no longer available. No forwarding address is given.",
}

func (a *API) listVirtualInterfaces(c *call) (reply, error) {
	switch {
	case a.Older.Gone:
		return reply{}, errGone
	case c.version.atLeast(44):
		return reply{}, vif.NotFound
	}
	server, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	attached, err := a.Attachments.Attached(c.Context(), server.ID)
	if err != nil {
		return reply{}, err
	}
	attached, err = window(attached, c.URL.Query())
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, at := range attached {
		list = append(list, virtualInterfaceView(c, at.Port))
	}
	return ok(object{{"virtual_interfaces", list}}), nil
}

// virtualInterfaceView is a port as the dialect shows it: with its network in
// 2.0, under a name of an extension's, and again since 2.12.
func virtualInterfaceView(c *call, p vif.Port) object {
	view := object{{"id", p.ID}, {"mac_address", p.MAC}}
	switch {
	case !c.route.as.versioned:
		return append(view, member{"OS-EXT-VIF-NET:net_id", p.Network})
	case c.version.atLeast(12):
		return append(view, member{"net_id", p.Network})
	}
	return view
}

// window returns the part of list that limit and offset ask for, in Nova's way:
// a limit of 0 is none (nova/api/openstack/common.py).
func window[T any](list []T, q url.Values) ([]T, error) {
	limit, err := count(q, "limit")
	if err != nil {
		return nil, err
	}
	offset, err := count(q, "offset")
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = maxVirtualInterfaces
	}
	list = list[min(offset, len(list)):]
	return list[:min(limit, maxVirtualInterfaces, len(list))], nil
}

// count returns the number in q that has the name, of several the last, and 0
// where there is none.
func count(q url.Values, name string) (int, error) {
	values := q[name]
	if len(values) == 0 {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(values[len(values)-1]))
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, vif.Invalid.Because("Invalid input received: %s must be an integer", name)
	case n < 0:
		return 0, vif.Invalid.Because("Invalid input received: %s must be >= 0", name)
	}
	return n, nil // the largest there is, for one that is larger
}
