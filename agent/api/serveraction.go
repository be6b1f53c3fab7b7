package api

import (
	"net/http"
	"slices"
)

// The Compute API's …/servers/{server}/action: the body's one member is the name
// of what to do.

// addressActions are gone since 2.44.
var addressActions = []string{"addFixedIp", "removeFixedIp", "addFloatingIp", "removeFloatingIp"}

// A serverAction is what may be done to a server, and its policy in Nova.
type serverAction struct {
	policy string
	do     func(*call) error
}

func (a *API) actions() map[string]serverAction {
	return map[string]serverAction{
		"lock":          {"os_compute_api:os-lock-server:lock", a.lock},
		"unlock":        {"os_compute_api:os-lock-server:unlock", a.unlock},
		"addFixedIp":    {"os_compute_api:os-multinic:add", a.addFixedIP},
		"removeFixedIp": {"os_compute_api:os-multinic:remove", a.removeFixedIP},

		"addSecurityGroup":    {"os_compute_api:os-security-groups:add", a.addSecurityGroup},
		"removeSecurityGroup": {"os_compute_api:os-security-groups:remove", a.removeSecurityGroup},
	}
}

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
	act, known := a.actions()[name]
	if !known {
		return reply{}, &httpError{status: http.StatusBadRequest, text: "There is no such action: " + shorten(name)}
	}
	c.policy = act.policy
	return reply{status: http.StatusAccepted}, act.do(c)
}
