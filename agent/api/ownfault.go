package api

import (
	"errors"
	"net/http"

	"vifd/vif"
)

// vifd's own status for each Kind.
var ownKinds = map[vif.Kind]int{
	vif.Invalid:     http.StatusBadRequest,
	vif.Ambiguous:   http.StatusBadRequest,
	vif.Forbidden:   http.StatusForbidden,
	vif.NotFound:    http.StatusNotFound,
	vif.InUse:       http.StatusConflict,
	vif.WrongState:  http.StatusConflict,
	vif.NoSlot:      http.StatusConflict,
	vif.Exhausted:   http.StatusConflict,
	vif.Unsupported: http.StatusNotImplemented,
	vif.Unavailable: http.StatusServiceUnavailable,
	vif.Pending:     http.StatusAccepted,
	vif.Internal:    http.StatusInternalServerError,
}

// ownFault says err in vifd's own words.
func ownFault(c *call, err error) reply {
	status, body := ownError(c, err)
	return reply{status: status, body: body}
}

// ownError returns the status of err, and {"error": …} with its code, kind, message and
// the id under which the log has it.
func ownError(c *call, err error) (int, object) {
	kind := kindOf(err)
	status, text := ownKinds[kind], shown(err, kind.Error())
	if kind == vif.Internal {
		text = "internal error; the cause is in the log of vifd, under the id of this request"
	}
	if h, ok := errors.AsType[*httpError](err); ok {
		status, text = h.status, h.text
		if kind == vif.Internal {
			kind = vif.Invalid
		}
		if isUnknown(err) || status == http.StatusTooManyRequests {
			kind = vif.Forbidden
		}
	}
	return status, object{{"error", object{
		{"code", status}, {"kind", kind}, {"message", text}, {"request_id", c.id},
	}}}
}
