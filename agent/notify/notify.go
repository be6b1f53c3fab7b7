// Package notify tells a Nova API what becomes of ports
// (os-server-external-events): in batches, until it takes them, each port's in
// their order, at least once. Nothing waits for it.
package notify

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"vifd/vif"
)

// An Outbox keeps what Nova is to be told.
type Outbox interface {
	// Waiting returns what is to be told next, of each port only the oldest, none of
	// the ports that are to be left out, and most at once.
	Waiting(ctx context.Context, most int, without func(port string) bool) ([]vif.Notice, error)

	// Done forgets what need not be told any more.
	Done(ctx context.Context, told []vif.Notice) error

	// Count returns how many notices wait.
	Count(ctx context.Context) (int, error)

	// Eventful returns a channel that is closed when there may be more.
	Eventful() <-chan struct{}
}

// A poster brings notices to Nova, and returns what it says of each as a status
// of HTTP. An error says that it took none of them.
type poster interface {
	post(ctx context.Context, list []vif.Notice) (codes []int, err error)
}

// How many notices go at once, and how long at least and at most is waited for a
// Nova that does not take them.
const (
	batch     = 100
	firstWait = time.Second
	lastWait  = time.Minute
)

// counting is how long may be counted what waits.
const counting = time.Second

// A Notifier tells one Nova.
type Notifier struct {
	outbox   Outbox
	nova     poster
	log      *slog.Logger
	interval time.Duration
	timeout  time.Duration
	failure  atomic.Pointer[error] // what the last try came to; nil when all is well
	sick     sick                  // Run's
}

// New returns what tells the Nova that c names of what is in box.
func New(c Config, box Outbox, log *slog.Logger) (*Notifier, error) {
	nova, err := newNova(c)
	if err != nil {
		return nil, err
	}
	return &Notifier{outbox: box, nova: nova, log: log, interval: c.Interval, timeout: c.Timeout, sick: sick{}}, nil
}

// Run tells until ctx ends. What was not taken by then waits for the next Run.
func (n *Notifier) Run(ctx context.Context) {
	wait := firstWait
	for ctx.Err() == nil {
		more := n.outbox.Eventful()
		asked, err := n.turn(ctx)
		n.sick.forget()
		n.keep(ctx, errors.Join(err, n.sick.err()))
		switch {
		case err != nil:
			sleep(ctx, max(jittered(wait), after(err)))
			wait = min(2*wait, lastWait)
			continue
		case asked == 0:
			n.sick.listen(ctx, more)
			sleep(ctx, n.interval) // more may come, and go in one
		}
		wait = firstWait
	}
}

// turn tells what comes next, and returns how many notices that were. An error
// says that Nova did not take them as a whole, or that what it took is not noted.
func (n *Notifier) turn(ctx context.Context) (int, error) {
	list, err := n.outbox.Waiting(ctx, batch, n.sick.waits)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	asking, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	codes, err := n.nova.post(asking, list)
	var told []vif.Notice
	for i, code := range codes {
		if n.settled(list[i], code) {
			told = append(told, list[i])
			delete(n.sick, list[i].Port)
		} else {
			n.sick.failed(list[i], code)
		}
	}
	if len(told) > 0 {
		err = errors.Join(err, n.outbox.Done(ctx, told))
	}
	return len(list), err
}

// settled tells whether Nova need not be told of it again: it has taken it, or
// will never.
func (n *Notifier) settled(notice vif.Notice, code int) bool {
	why, never := map[int]string{
		400: "Nova does not understand it", 404: "Nova does not know the server", 422: "the server is on no host",
	}[code]
	if never {
		n.log.Warn("a notification is given up", "why", why, "code", code,
			"event", notice.Name, "server", notice.Server, "port", notice.Port)
	}
	return never || code == 200
}

// keep keeps how the last turn ended, and logs when that is news.
func (n *Notifier) keep(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	was := n.failure.Load()
	switch {
	case err == nil && was != nil:
		n.failure.Store(nil)
		n.log.Info("Nova takes notifications again")
	case err != nil:
		n.failure.Store(&err)
		if was == nil {
			n.log.Warn("Nova does not take notifications: they wait", "err", err)
		}
	}
}

// Healthy returns nil while Nova takes what it is told, and else why not, and how
// much waits.
func (n *Notifier) Healthy() error {
	failure := n.failure.Load()
	if failure == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), counting)
	defer cancel()
	waiting, err := n.outbox.Count(ctx)
	if err != nil {
		return err
	}
	return vif.Unavailable.Because("%d notifications wait: %v", waiting, *failure)
}

// jittered is d or up to half less, so that the vifds of many hosts do not come
// back in step.
func jittered(d time.Duration) time.Duration { return d/2 + rand.N(d/2) }

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
