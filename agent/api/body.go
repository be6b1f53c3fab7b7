package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// maxBody is the largest body that is read (oslo.middleware's default).
const maxBody = 114688

var errTooLarge = &httpError{
	status: http.StatusRequestEntityTooLarge, page: true,
	text: "Request is too large. Larger than max_request_body_size (114688).",
}

var errSlow = &httpError{
	status: http.StatusRequestTimeout, page: true,
	text: "The body of the request did not arrive in time.",
}

// readBody reads the whole body, within its time and size, before anything
// else happens, so that no handler ever waits for a client.
func (a *API) readBody(c *call) error {
	c.untilWritten()
	if c.ContentLength == 0 {
		return nil
	}
	control := http.NewResponseController(c.w)
	_ = control.SetReadDeadline(time.Now().Add(a.Limits.Body)) // as in untilWritten
	if c.ContentLength > maxBody {
		return errTooLarge
	}
	var err error
	if c.raw, err = io.ReadAll(io.LimitReader(c.Body, maxBody+1)); err != nil {
		c.answered.Set("Connection", "close")
		return bodyError(err)
	}
	if len(c.raw) > maxBody {
		c.answered.Set("Connection", "close")
		return errTooLarge
	}
	_ = control.SetReadDeadline(time.Time{})
	return nil
}

func bodyError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	return &httpError{status: http.StatusBadRequest, text: "The body of the request did not arrive whole.", page: true}
}
