package agent

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"vifd/agent/hotplug"
)

// burst is how long pokes are gathered before a pass, so that a burst of events
// is one look, and so that a change of our own is over before it is looked at.
const burst = 100 * time.Millisecond

// idleTime is how often a loop that has nothing to do shows that it lives.
const idleTime = 5 * time.Second

// retryTime is how long after a pass that failed the same is looked at again. It
// doubles with each that fails after it.
const retryTime = time.Second

// A loop decides when to look at the host again, and at what. What to do then is
// its pass's.
type loop struct {
	pass  func(context.Context, hotplug.Look) error
	every time.Duration // everything is looked at, when nothing says that it changed
	log   *slog.Logger
	beat  *beat // of the turns, and of the steps of a pass

	mu    sync.Mutex
	next  hotplug.Look
	poked chan struct{} // holds one poke; more say nothing more

	retry *time.Timer // runs while the last pass has failed
	pause time.Duration
}

func newLoop(pass func(context.Context, hotplug.Look) error, every time.Duration, log *slog.Logger) *loop {
	return &loop{pass: pass, every: every, log: log, beat: newBeat(), poked: make(chan struct{}, 1)}
}

// again asks for a look. It never blocks.
func (l *loop) again(look hotplug.Look) {
	l.mu.Lock()
	l.next = l.next.And(look)
	l.mu.Unlock()
	select {
	case l.poked <- struct{}{}:
	default:
	}
}

// take returns all that was asked for since the last take. The poke for it, if it
// was not heard yet, is about nothing else.
func (l *loop) take() hotplug.Look {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.poked:
	default:
	}
	look := l.next
	l.next = hotplug.Look{}
	return look
}

// run looks when it was asked to, and at everything now and then, until ctx ends.
func (l *loop) run(ctx context.Context) {
	turn := time.NewTimer(jittered(l.every))
	defer turn.Stop()
	idle := time.NewTicker(idleTime)
	defer idle.Stop()
	l.retry = time.NewTimer(l.every)
	l.rested()
	for {
		l.beat.now()
		select {
		case <-ctx.Done():
			l.rested()
			return
		case <-idle.C:
			continue
		case <-l.poked:
			wait(ctx, burst)
		case <-l.retry.C:
		case <-turn.C:
			l.again(hotplug.Look{All: true})
			turn.Reset(jittered(l.every))
		}
		l.beat.now()
		l.look(ctx)
	}
}

// look takes one look. What a pass that did not reach its end was about is looked
// at again with the next poke, as of a daemon that is back, or in a while.
func (l *loop) look(ctx context.Context) {
	look := l.take()
	err := l.pass(ctx, look)
	runtime.GC() // now, and not in the middle of an attach
	if err == nil || ctx.Err() != nil {
		l.rested()
		return
	}
	l.log.Warn("the host is not as it should be yet", "err", err)
	l.mu.Lock()
	l.next = l.next.And(look)
	l.mu.Unlock()
	if l.pause < l.every { // else everything is looked at before
		l.retry.Reset(l.pause)
		l.pause *= 2
	}
}

// rested says that nothing is left to be tried again.
func (l *loop) rested() {
	l.retry.Stop()
	l.pause = retryTime
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// jittered is that time, give or take a tenth, so that hosts do not look in step.
func jittered(every time.Duration) time.Duration {
	return every*9/10 + rand.N(every/5)
}
