package api

import (
	"context"
	"errors"
	"net/http"

	"vifd/vif"
)

// A dialect is a way to say things: which headers an answer has, and how it
// names an error.
type dialect struct {
	root      string   // where its resources are
	versioned bool     // has microversions
	soft      bool     // lets be what it does not know of a body
	servers   bool     // looks for a server before it says who may not
	rated     bool     // is not taken from one caller as often as they like
	ids       []string // the headers that carry the request's id
	fault     func(c *call, err error) reply

	attachFailed func(err error, server string) error // says why a port was not attached
}

// The dialects that are spoken.
var (
	compute = &dialect{root: "/v2.1", versioned: true, servers: true, ids: computeIDs, fault: computeFault, attachFailed: inNovasWords}
	older   = &dialect{root: "/v2", soft: true, servers: true, ids: computeIDs, fault: olderFault, attachFailed: inOlderWords}
	rack    = &dialect{rated: true, servers: true, ids: computeIDs, fault: rackspaceFault}
	router  = &dialect{ids: computeIDs, fault: computeFault} // compute, where no resource was reached
	network = &dialect{ids: []string{requestIDHeader}, fault: networkFault}
	own     = &dialect{ids: []string{requestIDHeader}, fault: ownFault}
	root    = &dialect{fault: computeFault}
)

var computeIDs = []string{requestIDHeader, "X-Compute-Request-Id"}

// An httpError is an error that HTTP itself has a status for, and no Kind.
type httpError struct {
	status int
	text   string // may be shown
	page   bool   // it is told outside of every dialect
	cause  error  // for the log; may be nil
}

func (e *httpError) Error() string {
	if e.cause == nil {
		return e.text
	}
	return e.text + ": " + e.cause.Error()
}

func (e *httpError) Unwrap() error { return e.cause }

// kindOf returns what err means to whoever asked. That the time was up is the
// fault of what was waited for.
func kindOf(err error) vif.Kind {
	k := vif.KindOf(err)
	if k == vif.Internal && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return vif.Unavailable
	}
	return k
}

// shown returns what may be told of err, or instead where that is nothing.
func shown(err error, instead string) string {
	if text := vif.Shown(err); text != "" && kindOf(err) != vif.Internal {
		return text
	}
	return instead
}

// faulty turns err into the answer to c.
func faulty(c *call, err error) reply {
	c.failure = err
	if h, ok := errors.AsType[*httpError](err); ok && h.page {
		return webobPage(c, h)
	}
	if h, ok := errors.AsType[*httpError](err); ok && h.status == http.StatusUnauthorized && c.route.as != own {
		return keystoneFault(h)
	}
	return c.route.as.fault(c, err)
}

// The Compute API's status for each Kind (nova/api/openstack/compute/
// attach_interfaces.py), and what is said where an error brings no text.
var computeKinds = map[vif.Kind]struct {
	status int
	text   string
}{
	vif.Invalid:     {http.StatusBadRequest, "The server could not comply with the request since it is either malformed or otherwise incorrect."},
	vif.Ambiguous:   {http.StatusBadRequest, "Multiple possible networks found, use a Network ID to be more specific."},
	vif.Forbidden:   {http.StatusForbidden, "Access was denied to this resource."},
	vif.NotFound:    {http.StatusNotFound, "The resource could not be found."},
	vif.InUse:       {http.StatusConflict, "There was a conflict when trying to complete your request."},
	vif.WrongState:  {http.StatusConflict, "There was a conflict when trying to complete your request."},
	vif.NoSlot:      {http.StatusConflict, "The server has no free slot for another device."},
	vif.Exhausted:   {http.StatusBadRequest, "No fixed IP addresses available."},
	vif.Unsupported: {http.StatusBadRequest, "The requested functionality is not supported."},
	vif.Unavailable: {http.StatusServiceUnavailable, "The service is currently unable to handle the request. Try again."},
	vif.Pending:     {http.StatusConflict, "An operation on this port has not finished yet. Try again."},
	vif.Internal:    {http.StatusInternalServerError, "Unexpected API Error. The cause is in the log of vifd, under the id of this request."},
}

// faultNames are the names of the Compute API's faults by status; any other is
// a computeFault (nova/api/openstack/wsgi.py).
var faultNames = map[int]string{
	http.StatusBadRequest:            "badRequest",
	http.StatusUnauthorized:          "unauthorized",
	http.StatusForbidden:             "forbidden",
	http.StatusNotFound:              "itemNotFound",
	http.StatusMethodNotAllowed:      "badMethod",
	http.StatusConflict:              "conflictingRequest",
	http.StatusRequestEntityTooLarge: "overLimit",
	http.StatusUnsupportedMediaType:  "badMediaType",
	http.StatusTooManyRequests:       "overLimit",
	http.StatusNotImplemented:        "notImplemented",
	http.StatusServiceUnavailable:    "serviceUnavailable",
}

// computeFault says err as Nova would.
func computeFault(_ *call, err error) reply { return novaFault(computeStatus(err, nil)) }

// computeStatus returns the status of err, for which differs may have another
// row, and what is said of it.
func computeStatus(err error, differs map[vif.Kind]int) (int, string) {
	if h, ok := errors.AsType[*httpError](err); ok {
		return h.status, h.text
	}
	kind := kindOf(err)
	k := computeKinds[kind]
	if status, ok := differs[kind]; ok {
		k.status = status
	}
	return k.status, shown(err, k.text)
}

// novaFault is a fault as Nova writes it: one member, named after the status.
func novaFault(status int, text string) reply {
	name, ok := faultNames[status]
	if !ok {
		name = "computeFault"
	}
	body := object{{name, object{{"code", status}, {"message", text}}}}
	return reply{status: status, body: body, contentType: "application/json; charset=UTF-8"}
}
