package notify

import (
	"context"
	"fmt"
	"time"

	"vifd/vif"
)

// Ports on whose notices Nova itself fails wait for their own time, so that they
// keep nobody from being told of the others.
type sick map[string]*waiting

// A waiting is how long a port waits, and until when.
type waiting struct {
	wait time.Duration
	till time.Time
	code int // Nova's last
}

// failed has the port wait, longer each time.
func (s sick) failed(n vif.Notice, code int) {
	w := s[n.Port]
	if w == nil {
		w = &waiting{wait: firstWait / 2}
		s[n.Port] = w
	}
	w.wait, w.code = min(2*w.wait, lastWait), code
	w.till = time.Now().Add(jittered(w.wait))
}

// waits tells whether the port's time has not come yet.
func (s sick) waits(port string) bool {
	w := s[port]
	return w != nil && time.Now().Before(w.till)
}

// forget forgets ports of which nothing is to be told any more: their time has
// come and gone.
func (s sick) forget() {
	for port, w := range s {
		if time.Since(w.till) > lastWait {
			delete(s, port)
		}
	}
}

// err says how many there are, and what Nova says of them.
func (s sick) err() error {
	worst := 0
	for _, w := range s {
		worst = max(worst, w.code)
	}
	if len(s) == 0 {
		return nil
	}
	return fmt.Errorf("those of %d ports failed at Nova, with the code %d", len(s), worst)
}

// listen waits until there may be more, or a port's time has come.
func (s sick) listen(ctx context.Context, more <-chan struct{}) {
	next := lastWait
	for _, w := range s {
		next = min(next, max(0, time.Until(w.till)))
	}
	var come <-chan time.Time
	if len(s) > 0 {
		come = time.After(next)
	}
	select {
	case <-ctx.Done():
	case <-more:
	case <-come:
	}
}
