package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"vifd/vif"
)

// The Networking API's status and exception for each Kind
// (neutron_lib/exceptions, neutron/api/api_common.py).
var networkKinds = map[vif.Kind]struct {
	status int
	name   string
	text   string
}{
	vif.Invalid:     {http.StatusBadRequest, "InvalidInput", "Invalid input for operation."},
	vif.Ambiguous:   {http.StatusBadRequest, "InvalidInput", "Invalid input for operation."},
	vif.Forbidden:   {http.StatusForbidden, "PolicyNotAuthorized", "This is disallowed by policy."},
	vif.NotFound:    {http.StatusNotFound, "HTTPNotFound", "The resource could not be found."},
	vif.InUse:       {http.StatusConflict, "InUse", "The resource is in use."},
	vif.WrongState:  {http.StatusConflict, "Conflict", "The resource is not in a state for this."},
	vif.NoSlot:      {http.StatusConflict, "Conflict", "The server has no free slot for another device."},
	vif.Exhausted:   {http.StatusConflict, "IpAddressGenerationFailure", "No more IP addresses available."},
	vif.Unsupported: {http.StatusNotImplemented, "NotImplemented", "The requested functionality is not supported."},
	vif.Unavailable: {http.StatusServiceUnavailable, "ServiceUnavailable", "The service is unavailable. Try again."},
	vif.Pending:     {http.StatusConflict, "Conflict", "An operation on this resource has not finished yet. Try again."},
	vif.Internal:    {http.StatusInternalServerError, "HTTPInternalServerError", "Request Failed: internal server error while processing your request."},
}

// A named error is one that the Networking API calls by the name of its
// resource, as PortNotFound.
type named struct {
	resource string
	error
}

func (n *named) Unwrap() error { return n.error }

// ofResource says that err is about the resource, unless it says that it is about
// another.
func ofResource(resource string, err error) error {
	if _, ok := errors.AsType[*named](err); ok {
		return err
	}
	return &named{resource, err}
}

// missingTexts are Neutron's words for what was not found, where they are not the
// usual ones.
var missingTexts = map[string]string{
	"SecurityGroup":     "Security group %s does not exist",
	"SecurityGroupRule": "Security group rule %s does not exist",
}

// about says that err is about the resource with the id, in Neutron's words
// where it was not found.
func about(resource, id string, err error) error {
	if kindOf(err) == vif.NotFound {
		err = vif.NotFound.From(err, orElse(missingTexts[resource], resource+" %s could not be found."), id)
	}
	return &named{resource, err}
}

// httpNames are the names of webob's exceptions that have a status alone.
var httpNames = map[int]string{http.StatusBadRequest: "HTTPBadRequest", http.StatusConflict: "HTTPConflict"}

var nameSuffixes = map[vif.Kind]string{vif.NotFound: "NotFound", vif.InUse: "InUse"}

// networkFault says err as Neutron would.
func networkFault(_ *call, err error) reply {
	kind := kindOf(err)
	k := networkKinds[kind]
	status, name, text := k.status, k.name, shown(err, k.text)
	if n, ok := errors.AsType[*named](err); ok {
		if suffix, ok := nameSuffixes[kind]; ok {
			name = n.resource + suffix
		}
		if strings.HasSuffix(n.resource, "Exists") { // is the whole name
			name = n.resource
		}
	}
	if h, ok := errors.AsType[*httpError](err); ok {
		status, text = h.status, h.text
		name = cmp.Or(httpNames[status], fmt.Sprintf("HTTP%d", status))
	}
	body := object{{"NeutronError", object{{"type", name}, {"message", text}, {"detail", ""}}}}
	return reply{status: status, body: body}
}
