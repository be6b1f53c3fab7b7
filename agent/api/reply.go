package api

import (
	"net/http"
	"strconv"
	"time"

	"vifd/vif/fail"
)

// A reply is the answer to a call.
type reply struct {
	status      int
	body        any    // sent as JSON; nil for none
	raw         []byte // sent as it is, in place of body
	contentType string // "" for application/json
	sent        bool   // the handler has sent it itself
	plain       *reply // then: what it would have been in one piece
	unkept      bool   // not to be given again: another try may do better, or it has a secret
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

// retryAfter is what a client is told to wait before it asks again.
const retryAfter = "1" // second

// write sends r as the answer to c. The client has a bounded time to take it.
func (r reply) write(c *call) {
	c.status = r.status
	if r.sent {
		return
	}
	raw, err := r.bytes()
	if err != nil {
		c.failure, c.status = err, http.StatusInternalServerError
	}
	r.writeHeader(c, size(c, raw))
	if c.Method == http.MethodHead {
		return
	}
	if _, err := fail.Answer(c.Method, c.w).Write(raw); err != nil && c.failure == nil && len(raw) > 0 {
		c.failure = err
	}
	_ = http.NewResponseController(c.w).Flush() // the client has it before the log
}

// size returns the length that an answer says it has: to HEAD that of the answer to
// GET, but Nova, which knows no HEAD, says 0.
func size(c *call, raw []byte) int {
	if c.Method == http.MethodHead && !c.route.probed() {
		return 0
	}
	return len(raw)
}

// bytes returns what r's body is sent as.
func (r reply) bytes() ([]byte, error) {
	if r.body == nil {
		return r.raw, nil
	}
	return encode(r.body)
}

func (r reply) writeHeader(c *call, size int) {
	contentType := r.contentType
	if contentType == "" {
		contentType = "application/json"
	}
	if c.status != http.StatusNoContent {
		c.answered.Set("Content-Type", contentType)
		c.answered.Set("Content-Length", strconv.Itoa(size))
	}
	if c.status == http.StatusServiceUnavailable {
		c.answered.Set("Retry-After", retryAfter)
	}
	c.untilWritten()
	c.w.WriteHeader(c.status)
}

// untilWritten gives the client its time to take what is written next.
func (c *call) untilWritten() {
	// Where the connection has no deadlines, as in a test's recorder, there is
	// nobody to wait for either.
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(c.limit.Write))
}
