package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"vifd/vif"
)

// What Rackspace's Compute says otherwise than Nova: some faults by a name of
// their own, or with more in them, and that a method is not allowed.

// A special is an error whose fault takes more than its status to write.
type special struct {
	status int
	name   string // of the fault
	text   string // may be shown
	more   object // further members
}

func (s *special) Error() string { return s.text }

// rackStatus has the kinds that Rackspace's Compute answers with another status
// than Nova's.
var rackStatus = map[vif.Kind]int{vif.Pending: http.StatusServiceUnavailable}

// rackspaceFault says err as Rackspace's Compute does.
func rackspaceFault(_ *call, err error) reply {
	answer := novaFault(computeStatus(err, rackStatus))
	if s, ok := errors.AsType[*special](err); ok {
		answer.status = s.status
		answer.body = object{{s.name, append(object{{"code", s.status}, {"message", s.text}}, s.more...)}}
	}
	return answer
}

// inRackspacesWords says of a change to the server that failed what Rackspace's
// Compute says.
func inRackspacesWords(err error, server vif.Server) error {
	if kindOf(err) == vif.WrongState && server.State == vif.ServerBuilding {
		return &special{status: http.StatusConflict, name: "buildInProgress", text: shown(err, "The server is being built.")}
	}
	return err
}

// badMethod answers for methods that no other row with its pattern has.
func (a *API) badMethod(c *call) (reply, error) {
	var allowed []string
	for _, r := range a.table {
		if r.pattern == c.route.pattern && r.method != anyMethod && !slices.Contains(allowed, r.method) {
			allowed = append(allowed, r.method)
		}
	}
	methods := strings.Join(allowed, ", ")
	c.answered.Set("Allow", methods)
	return reply{}, &httpError{status: http.StatusMethodNotAllowed, text: fmt.Sprintf(
		"The method %s is not allowed for this resource: it has %s.", shorten(c.Method), methods)}
}
