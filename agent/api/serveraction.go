package api

import (
	"net/http"
	"slices"
	"strings"
)

// The Compute API's …/servers/{server}/action: the body's one member is the name
// of what to do.

// addressActions are gone since 2.44. vifd never had them: to change a port's
// addresses is for the Networking API.
var addressActions = []string{"addFixedIp", "removeFixedIp", "addFloatingIp", "removeFloatingIp"}

// act does what c's body names. It says nothing but that it is done.
func (a *API) act(c *call) (reply, error) {
	body, isObject := c.body.(object)
	if !isObject || len(body) != 1 {
		return reply{}, &httpError{status: http.StatusBadRequest, text: "Malformed request body"}
	}
	actions := map[string]func(*call) error{"lock": a.lock, "unlock": a.unlock}
	do, known := actions[body[0].name]
	if !known {
		return reply{}, noSuchAction(c, body[0].name)
	}
	return reply{status: http.StatusAccepted}, do(c)
}

func noSuchAction(c *call, name string) error {
	if slices.Contains(addressActions, name) && c.version.atLeast(44) {
		return &httpError{status: http.StatusNotFound, text: "The resource could not be found."}
	}
	text := "There is no such action: " + shorten(name)
	if strings.HasSuffix(name, "FixedIp") {
		text += ". vifd changes the addresses of a port by PUT /v2.0/ports/{id}."
	}
	return &httpError{status: http.StatusBadRequest, text: text}
}
