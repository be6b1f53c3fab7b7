package api

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"vifd/vif"
)

// A call is one request on its way through the checks to its handler.
type call struct {
	*http.Request
	id       string            // "req-" and a UUID; also the name of the operation that it starts
	route    *route            // where it goes
	params   map[string]string // from its path
	door     *Door             // by which it came
	who      Identity
	shown    http.Header // the credentials that it came with
	unknown  error       // why its credentials are those of nobody, if it has any
	version  microversion
	project  string    // from its path, or the caller's
	policy   string    // what it takes, where its body says that and not its route
	raw      []byte    // its body, as sent
	weight   int       // of it among large ones
	body     any       // its body, decoded
	name     *vif.Once // by which it is known when it is asked again; nil: it is not
	answered http.Header
	status   int   // of the answer, once there is one
	failure  error // why it failed, for the log

	begun time.Time
	w     http.ResponseWriter
	limit Limits
}

func (a *API) newCall(w http.ResponseWriter, r *http.Request) *call {
	c := &call{Request: r, id: newRequestID(), begun: time.Now(), w: w, answered: w.Header(), limit: a.Limits}
	c.route, c.params = a.find(r.Method, r.URL.Path)
	if c.door, _ = r.Context().Value(doorKey{}).(*Door); c.door == nil {
		c.door = &Door{Who: a.Who}
	}
	for _, name := range c.route.as.ids {
		c.answered.Set(name, c.id)
	}
	return c
}

// newRequestID returns "req-" and a random UUID (RFC 9562, version 4).
func newRequestID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("req-%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// host returns the URL of this service, as the client wrote it.
func (c *call) host() string {
	scheme, host := "http", c.Host
	if c.TLS != nil {
		scheme = "https"
	}
	if host == "" {
		host = "localhost"
	}
	return scheme + "://" + host
}

// log writes the one line that each request gets.
func (a *API) log(c *call, took time.Duration) {
	level := slog.LevelInfo
	if c.unknown != nil {
		level = slog.LevelWarn
	}
	if c.status >= http.StatusInternalServerError && c.status != http.StatusServiceUnavailable {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request", c.id),
		slog.String("who", c.who.User),
		slog.String("method", c.Method),
		slog.String("path", c.URL.Path),
		slog.Int("status", c.status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
	}
	if c.door.remote() {
		attrs = append(attrs, slog.String("from", c.RemoteAddr))
	}
	if c.failure != nil {
		attrs = append(attrs, slog.Any("error", c.failure))
	}
	a.Log.LogAttrs(c.Context(), level, "request", attrs...)
}

// panicked returns what a handler panicked with as an error.
func panicked(p any) error {
	return fmt.Errorf("panic: %v\n%s", p, debug.Stack())
}
