package client

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"vifd/agent/api/wire"
)

// ask asks, and returns nil when vifd did what it was asked. Where the connection
// broke before there was a whole answer, it asks once more: by its key vifd knows
// a change again, and does not do it twice.
func (c *Client) ask(ctx context.Context, a asking) error {
	if a.method != http.MethodGet {
		a.key = rand.Text()
	}
	err := c.once(ctx, a)
	if broke(err) && ctx.Err() == nil {
		return c.once(ctx, a)
	}
	return err
}

// broke tells whether err is that a connection, which there was, broke.
func broke(err error) bool {
	_, unanswered := errors.AsType[*Unreachable](err)
	return unanswered && slices.ContainsFunc([]error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE},
		func(end error) bool { return errors.Is(err, end) })
}

// once asks once.
func (c *Client) once(ctx context.Context, a asking) error {
	request, err := c.request(ctx, a)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer response.Body.Close()
	if strings.HasPrefix(response.Header.Get("Content-Type"), wire.NDJSON) {
		return c.follow(ctx, response, a)
	}
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	if err := refused(response, raw); err != nil || a.answer == nil {
		return err
	}
	return c.fill(a.answer, raw)
}
