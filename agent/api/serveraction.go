package api

import (
	"net/http"
	"slices"
)

// The Compute API's …/servers/{server}/action: the body's one member is the name
// of what to do.

// addressActions are gone since 2.44.
var addressActions = []string{"addFixedIp", "removeFixedIp", "addFloatingIp", "removeFloatingIp"}

// act does what c's body names. It says nothing but that it is done.
func (a *API) act(c *call) (reply, error) {
	body, isObject := c.body.(object)
	if !isObject || len(body) != 1 {
		return reply{}, &httpError{status: http.StatusBadRequest, text: "Malformed request body"}
	}
	name := body[0].name
	if slices.Contains(addressActions, name) && c.version.atLeast(44) {
		return reply{}, &httpError{status: http.StatusNotFound, text: "The resource could not be found."}
	}
	do, known := map[string]func(*call) error{
		"lock": a.lock, "unlock": a.unlock, "addFixedIp": a.addFixedIP, "removeFixedIp": a.removeFixedIP,
	}[name]
	if !known {
		return reply{}, &httpError{status: http.StatusBadRequest, text: "There is no such action: " + shorten(name)}
	}
	return reply{status: http.StatusAccepted}, do(c)
}
