package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// onceHeader names a change, so that it can be asked again without being done
// again.
const onceHeader = wire.OnceHeader

// requestIDHeader has the ID of a request, in every dialect that changes something.
const requestIDHeader = wire.RequestIDHeader

// maxKey is the longest key.
const maxKey = 128

// keeping bounds how long an answer may take to be kept.
const keeping = 5 * time.Second

// errOtherRequest is for a key that comes again with something else.
var errOtherRequest = &httpError{
	status: http.StatusUnprocessableEntity,
	text:   "The Idempotency-Key was used for another request: take a new key for each request, and the same only to ask the same again.",
}

// errUnderWay is for a request that waited for itself.
var errUnderWay = &httpError{
	status: http.StatusConflict, cause: vif.InUse,
	text: "The same request is still under way: ask again for its answer.",
}

// once does a change and keeps its answer under the request's key, or gives the
// answer that is kept. What failed through no fault of the caller's is not kept:
// asked again, it is tried again.
func (a *API) once(c *call, do func() reply) reply {
	o, err := c.named()
	if err != nil {
		return faulty(c, err)
	}
	if o == nil {
		return do()
	}
	leave, err := a.flights.enter(c.Context(), o, a.Limits.Again)
	if err != nil {
		if errors.Is(err, errUnderWay) {
			c.answered.Set("Retry-After", retryAfter)
		}
		return faulty(c, err)
	}
	defer leave()
	kept, err := a.Answers.Answer(c.Context(), o.Caller, o.Key)
	switch {
	case err != nil && kindOf(err) != vif.NotFound:
		return faulty(c, err)
	case err == nil && !bytes.Equal(kept.Request, o.Request):
		return faulty(c, errOtherRequest)
	case err == nil && kept.Status != 0:
		c.answersAs(kept.ID)
		return reply{status: kept.Status, raw: kept.Body, contentType: kept.Type}
	}
	c.name = o
	answer := do()
	c.answersAs(a.begunAs(c, kept.Operations))
	a.keep(c, answer)
	return answer
}

// answersAs answers c under the ID that the same request had when it was asked
// first: by that its caller finds the operation. "" is none.
func (c *call) answersAs(id string) {
	if id == "" {
		return
	}
	for _, name := range c.route.as.ids {
		c.answered.Set(name, id)
	}
}

// begunAs returns the ID of what a vifd that died has begun for the same request,
// where c has found that and begun nothing of its own, and else "".
func (a *API) begunAs(c *call, noted []string) string {
	if len(noted) == 0 {
		return ""
	}
	if _, err := a.Operations.Operation(c.Context(), c.id); kindOf(err) != vif.NotFound {
		return ""
	}
	return noted[0]
}

// keep keeps an answer to c that is worth to be given again. Where it cannot be
// kept the change is done all the same, and c's caller learns how it ended.
func (a *API) keep(c *call, answer reply) {
	if answer.plain != nil {
		answer = *answer.plain
	}
	if answer.status >= http.StatusInternalServerError || answer.unkept {
		return
	}
	raw, err := answer.bytes()
	if err == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), keeping)
		defer cancel()
		err = a.Answers.PutAnswer(ctx, vif.Answer{
			Once: *c.name, ID: c.answered.Get(requestIDHeader), Status: answer.status, Type: answer.contentType, Body: raw, Created: time.Now(),
		})
	}
	if err != nil {
		a.Log.LogAttrs(c.Context(), slog.LevelWarn, "answer not kept", slog.String("request", c.id), slog.Any("error", err))
	}
}

// named returns what names c among the changes of its caller, or nil. What the
// caller may not ask has no name: nothing of it is kept.
func (c *call) named() (*vif.Once, error) {
	keys := c.Header.Values(onceHeader)
	if !c.route.changes() || len(keys) == 0 || c.mayNot() {
		return nil, nil
	}
	if len(keys) > 1 || !isKey(keys[0]) {
		return nil, vif.Invalid.Because("An Idempotency-Key is one to %d visible ASCII characters, given once.", maxKey)
	}
	return &vif.Once{Caller: c.who.User + " " + c.who.Project, Key: keys[0], Request: c.digest()}, nil
}

func isKey(s string) bool {
	visible := func(r rune) bool { return r > ' ' && r < 0x7f }
	return s != "" && len(s) <= maxKey && strings.IndexFunc(s, func(r rune) bool { return !visible(r) }) < 0
}

// digest is a hash of what c asks.
func (c *call) digest() []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %v\n", c.Method, c.URL.RequestURI(), c.version)
	h.Write(c.raw)
	return h.Sum(nil)
}
