package api

import (
	"context"
	"sync"
	"time"

	"vifd/vif"
)

// Clients that send more than others do are let in one after the other, so that
// whoever asks a small thing at a time need not wait for them.
const (
	largeTime = time.Second / (4 << 10) // for each KiB of a large body: 4 MiB a second, of all together
	rudeTime  = 20 * time.Millisecond   // for each request of who sends the next before the answer, and each body that breaks off
)

var errPace = vif.Unavailable.Because("Too much is asked for at once: wait for an answer before you ask again.")

// A pace gives turns, each of which takes some time. Its zero value is ready.
type pace struct {
	mu   sync.Mutex
	free time.Time // from then on there is a turn
}

// wait returns when it is the caller's turn, which takes so long. Who would have
// to wait for longer than most is told so at once, and all when ctx ends.
func (p *pace) wait(ctx context.Context, turn, most time.Duration) error {
	begin, ok := p.queue(turn, most)
	if !ok {
		return errPace
	}
	if !begin.After(time.Now()) {
		return nil
	}
	timer := time.NewTimer(time.Until(begin))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errPace
	}
}

func (p *pace) queue(turn, most time.Duration) (begin time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	begin = time.Now()
	if p.free.After(begin.Add(most)) {
		return begin, false
	}
	if p.free.After(begin) {
		begin = p.free
	}
	p.free = begin.Add(turn)
	return begin, true
}

// takeTurn holds c up while others of its kind have their turns: where it is large,
// or its client has not waited for the last answer. That the client seems to have
// gone does not end it: it may have closed its half only, or want to come again.
func (a *API) takeTurn(c *call) error {
	if n := len(c.raw); n > largeBody {
		if err := a.large.wait(a.streams.ctx, time.Duration(n>>10)*largeTime, a.Limits.Body); err != nil {
			return err
		}
	}
	if conn, ok := c.Context().Value(connKey{}).(*limitedConn); ok && conn.eager.Load() {
		return a.rude.wait(a.streams.ctx, rudeTime, a.Limits.Body)
	}
	return nil
}
