package agent

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// resync is how often the host is looked at when nothing says that it changed.
const resync = 30 * time.Second

// settleFor is how long pokes are gathered before a pass, so that a burst of
// events is one look.
const settleFor = 20 * time.Millisecond

// A loop decides when to look at the host again. What to do then is its pass's.
type loop struct {
	pass func(context.Context) error
	pace func() time.Duration // until the next pass that nobody asked for
	log  *slog.Logger
	poke chan struct{} // holds one poke; more say nothing more
}

func newLoop(pass func(context.Context) error, log *slog.Logger) *loop {
	return &loop{pass: pass, pace: jittered, log: log, poke: make(chan struct{}, 1)}
}

// again asks for a pass. It never blocks.
func (l *loop) again() {
	select {
	case l.poke <- struct{}{}:
	default:
	}
}

// run passes when poked and every now and then, until ctx ends.
func (l *loop) run(ctx context.Context) {
	for {
		timer := time.NewTimer(l.pace())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-l.poke:
			l.gather(ctx)
		case <-timer.C:
		}
		timer.Stop()
		if err := l.pass(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("the host is not as it should be yet", "err", err)
		}
	}
}

// gather lets a burst of pokes end, for a bounded time.
func (l *loop) gather(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(settleFor):
	}
	select {
	case <-l.poke:
	default:
	}
}

// jittered is resync, give or take a tenth, so that hosts do not look in step.
func jittered() time.Duration {
	return resync*9/10 + rand.N(resync/5)
}
