package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// asksWho is what Keystone's middleware says where credentials are missing or
// wrong (keystonemiddleware/auth_token/__init__.py), and all that it says.
const asksWho = "The request you have made requires authentication."

// unknownCaller says that a request's credentials are wrong. The reason is for
// the log, and never has a secret in it.
func unknownCaller(format string, args ...any) error {
	return &httpError{status: http.StatusUnauthorized, text: asksWho, cause: fmt.Errorf(format, args...)}
}

func isUnknown(err error) bool {
	h, ok := errors.AsType[*httpError](err)
	return ok && h.status == http.StatusUnauthorized
}

// stranger returns what somebody is told who has to say first who they are: that
// they may, or after too many wrong credentials that they have to wait. Right
// ones are let in all the same, so nobody can lock out who shares an address.
func (a *API) stranger(c *call) error {
	if c.unknown != nil && a.strangers.tooMany(c.RemoteAddr) {
		c.answered.Set("Retry-After", strconv.Itoa(int(strangerPause.Seconds())))
		return &httpError{status: http.StatusTooManyRequests, text: "Too many requests with wrong credentials came from this address. Try again later.",
			cause: c.unknown}
	}
	c.answered.Set("WWW-Authenticate", fmt.Sprintf("Keystone uri=%q", c.host()))
	if c.unknown != nil {
		return c.unknown
	}
	return unknownCaller("no credentials were sent")
}

// keystoneFault says 401 in the form of Keystone's middleware, which stands
// before all of OpenStack's services.
func keystoneFault(h *httpError) reply {
	return reply{status: h.status, body: object{{"error", object{
		{"code", h.status}, {"title", http.StatusText(h.status)}, {"message", h.text},
	}}}}
}
