package api

import (
	"bytes"
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
		return c.unread(a, control, errTooLarge)
	}
	err := a.takeBody(c)
	switch {
	case errors.Is(err, errBodies) || errors.Is(err, errTooLarge):
		return c.unread(a, control, err)
	case err != nil:
		_ = a.rude.wait(a.streams.ctx, rudeTime, a.Limits.Body) // where too many wait it is said at once
		c.answered.Set("Connection", "close")
		return bodyError(err)
	}
	_ = control.SetReadDeadline(time.Time{})
	return nil
}

// takeBody reads the body, the rest of a large one only if there is room for it.
func (a *API) takeBody(c *call) (err error) {
	if c.raw, err = io.ReadAll(io.LimitReader(c.Body, largeBody+1)); err != nil || len(c.raw) <= largeBody {
		return err
	}
	size := maxBody + 1
	if c.ContentLength > 0 {
		size = int(c.ContentLength)
	}
	if !a.bodies.take(size) {
		return errBodies
	}
	c.weight = size
	whole := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	whole.Write(c.raw)
	_, err = whole.ReadFrom(io.LimitReader(c.Body, maxBody+1-largeBody-1))
	if c.raw = whole.Bytes(); err == nil && len(c.raw) > maxBody {
		err = errTooLarge
	}
	return err
}

// What is still taken of a body that is refused, so that a client which sends
// before it reads comes to read the answer, and does not find its pipe broken.
const (
	maxDrain  = 1 << 20
	drainTime = time.Second
)

// unread refuses c for its body, and takes no more by its connection.
func (c *call) unread(a *API, control *http.ResponseController, why error) error {
	_ = control.SetReadDeadline(time.Now().Add(min(drainTime, a.Limits.Body)))
	_, _ = io.CopyN(io.Discard, c.Body, maxDrain)
	c.answered.Set("Connection", "close")
	return why
}

func bodyError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	return &httpError{status: http.StatusBadRequest, text: "The body of the request did not arrive whole.", page: true}
}
