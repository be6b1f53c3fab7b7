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
		return a.tooLarge(c, control)
	}
	var err error
	if c.raw, err = io.ReadAll(io.LimitReader(c.Body, maxBody+1)); err != nil {
		c.answered.Set("Connection", "close")
		return bodyError(err)
	}
	if len(c.raw) > maxBody {
		return a.tooLarge(c, control)
	}
	_ = control.SetReadDeadline(time.Time{})
	return nil
}

// What is still taken of a body that is too large, so that a client which sends
// before it reads comes to read the answer, and does not find its pipe broken.
const (
	maxDrain  = 1 << 20
	drainTime = time.Second
)

// tooLarge refuses the body of c, and what may come after it.
func (a *API) tooLarge(c *call, control *http.ResponseController) error {
	_ = control.SetReadDeadline(time.Now().Add(min(drainTime, a.Limits.Body)))
	_, _ = io.CopyN(io.Discard, c.Body, maxDrain)
	c.answered.Set("Connection", "close")
	return errTooLarge
}

func bodyError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	return &httpError{status: http.StatusBadRequest, text: "The body of the request did not arrive whole.", page: true}
}
