package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// A Refused is vifd's answer that it did not do what it was asked. It is of the
// Kind that vifd gave, or else of the one that its status stands for.
type Refused struct {
	Status  int
	Kind    vif.Kind
	Message string // in vifd's words
	Request string // under which vifd's log has it; may be ""
}

func (r *Refused) Error() string { return r.Message }

// Unwrap makes errors.Is and vif.KindOf see the Kind.
func (r *Refused) Unwrap() error { return r.Kind }

// An Unreachable says that no vifd answered: nobody listens at the address, the
// connection broke, or the caller's time was up. Whether a change was made is
// not known.
type Unreachable struct {
	Address string
	Cause   error
}

func (u *Unreachable) Error() string {
	cause := u.Cause
	if e, ok := errors.AsType[*url.Error](cause); ok {
		cause = e.Err // without the URL, which nobody typed
	}
	return fmt.Sprintf("no answer from vifd at %s: %v", u.Address, cause)
}

func (u *Unreachable) Unwrap() error { return u.Cause }

// statusKinds are what a status means where vifd speaks another dialect than
// its own.
var statusKinds = map[int]vif.Kind{
	http.StatusAccepted:              vif.Pending,
	http.StatusBadRequest:            vif.Invalid,
	http.StatusUnauthorized:          vif.Forbidden,
	http.StatusForbidden:             vif.Forbidden,
	http.StatusNotFound:              vif.NotFound,
	http.StatusConflict:              vif.InUse,
	http.StatusRequestEntityTooLarge: vif.Invalid,
	http.StatusNotImplemented:        vif.Unsupported,
	http.StatusServiceUnavailable:    vif.Unavailable,
	http.StatusTooManyRequests:       vif.Forbidden,
}

// refused returns the error that an answer is, or nil. Every dialect has a
// fault as one member with a message in it.
func refused(response *http.Response, raw []byte) error {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members) // what is not JSON has no members
	said, isOwn := members["error"]
	if response.StatusCode < http.StatusBadRequest && !isOwn {
		return nil
	}
	if !isOwn && len(members) == 1 {
		for _, said = range members {
		}
	}
	f := faultBody{Code: response.StatusCode}
	_ = json.Unmarshal(said, &f) // what has no such members is told by its status
	r := f.refused()
	r.complete(response.Header)
	return r
}

// A faultBody is what is said of an error, in whichever dialect.
type faultBody struct {
	Code    int      `json:"code"`
	Kind    vif.Kind `json:"kind"`
	Message string   `json:"message"`
	Request string   `json:"request_id"`
}

func (f faultBody) refused() *Refused {
	return &Refused{Status: f.Code, Kind: f.Kind, Message: f.Message, Request: f.Request}
}

// complete fills in what the answer's body did not say.
func (r *Refused) complete(header http.Header) {
	if r.Kind == "" {
		r.Kind = statusKinds[r.Status]
	}
	if r.Kind == "" {
		r.Kind = vif.Internal
	}
	if r.Message == "" {
		r.Message = fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status))
	}
	if r.Request == "" {
		r.Request = header.Get(wire.RequestIDHeader)
	}
}
