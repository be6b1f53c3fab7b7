package api

import (
	"context"
	"sync"

	"vifd/vif"
)

// What takes much memory for a request is bounded for all of them together: large
// bodies until they are answered, and large answers until they are taken. Who
// would bring more is told to come back. What is small is bounded by the number of
// connections.
const (
	largeBody   = 4 << 10  // no attach of one port is as large
	largeAnswer = 64 << 10 //
	maxBodies   = 8 << 20
	maxAnswers  = 32 << 20
)

// A load is how many bytes there are of something. Its zero value has room for
// none but one.
type load struct {
	most  int
	mu    sync.Mutex
	bytes int
}

// take adds so many bytes, or returns false where that would be too much. One
// that is too large for any room is let in alone.
func (l *load) take(bytes int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bytes > 0 && l.bytes+bytes > l.most {
		return false
	}
	l.bytes += bytes
	return true
}

func (l *load) give(bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes -= bytes
}

// weigh returns r, in bytes, with the weight of a large answer taken: it is on its
// way to its client for a while. Where there is no room for it, that is the answer.
// How a change ended is told in any case.
func (a *API) weigh(c *call, r reply) (reply, int) {
	raw, err := r.bytes()
	if err != nil || r.sent || c.route.changes() {
		return r, 0
	}
	r.raw, r.body = raw, nil
	if len(raw) <= largeAnswer {
		return r, 0
	}
	if !a.answers.take(len(raw)) {
		return faulty(c, errAnswers), 0
	}
	return r, len(raw)
}

var (
	errBodies  = vif.Unavailable.Because("Too many large requests are under way: try again.")
	errAnswers = vif.Unavailable.Because("Too many large answers are on their way: try again, or ask for a page of it with limit.")
)

// compute begins what takes much computing: one at a time, so that others need not
// wait for more than one. It is over when end is called.
func (a *API) compute(ctx context.Context) (end func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, a.Limits.Body)
	defer cancel()
	select {
	case a.computing <- struct{}{}:
		return func() { <-a.computing }, nil
	case <-ctx.Done():
		return nil, errBodies
	}
}
