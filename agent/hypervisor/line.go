package hypervisor

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"vifd/vif"
)

// How long a line waits before it dials again, with jitter, from the first time
// to the last; and how long a call waits for the first dial of all.
const (
	soonest   = 100 * time.Millisecond
	latest    = 500 * time.Millisecond
	firstDial = time.Second
)

// A line is a connection to libvirt that is dialled again whenever it breaks.
type line struct {
	name     string
	patience time.Duration // the longest that a call on it takes, whatever its context says
	dial     func() (*session, error)
	opened   func(*session) error // called with each new session, before any other use; may be nil
	found    func()               // called each time that the line is up again; may be nil
	log      *slog.Logger

	once    sync.Once
	dialled chan struct{} // closed when the first dial has ended

	mu   sync.Mutex
	live *session // nil while the line is down
	why  error    // then the reason
}

func newLine(name, uri string, patience time.Duration, log *slog.Logger) *line {
	return &line{
		name:     name,
		patience: patience,
		dial:     func() (*session, error) { return open(uri) },
		log:      log.With("connection", name),
		dialled:  make(chan struct{}),
		why:      vif.Unavailable.Because("libvirt has not been reached yet"),
	}
}

// keep dials, and dials again, until ctx ends. There is never more than one dial
// under way, however many calls want the line.
func (l *line) keep(ctx context.Context) {
	wait := soonest
	for ctx.Err() == nil {
		s, err := l.connect(ctx)
		l.set(ctx, s, err)
		if err == nil {
			wait = soonest
			if l.found != nil {
				l.found()
			}
			select {
			case <-s.lost:
			case <-ctx.Done():
			}
			l.set(ctx, nil, vif.Unavailable.Because("the connection to libvirt broke"))
			go s.end()
		}
		pause(ctx, wait/2+rand.N(wait))
		wait = min(2*wait, latest)
	}
}

// connect dials once. libvirt may be there and not answer: then the dial ends by
// itself some time, and connect waits for that, but not past ctx.
func (l *line) connect(ctx context.Context) (*session, error) {
	s, err := within(ctx, func() (*session, error) {
		s, err := l.dial()
		if err == nil && l.opened != nil {
			err = l.opened(s)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil && s != nil {
			s.end()
		}
		return s, err
	})
	if err != nil {
		return nil, vif.Unavailable.From(err, "libvirt cannot be reached")
	}
	return s, nil
}

// set makes s the session of the line, or, for nil, why the reason that it is down.
// A reason is logged when it is news, and not when ctx ends the line.
func (l *line) set(ctx context.Context, s *session, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case s != nil:
		l.log.Info("libvirt is there", "version", dotted(s.version))
	case ctx.Err() == nil && (l.why == nil || l.why.Error() != why.Error()):
		l.log.Warn("libvirt is not there", "err", why)
	}
	l.live, l.why = s, why
	l.once.Do(func() { close(l.dialled) })
}

// get returns the session, held for the caller, who must release it. It fails at
// once while the line is down, but for the very first dial it waits a moment.
func (l *line) get(ctx context.Context) (*session, error) {
	select {
	case <-l.dialled:
	default:
		wait, cancel := context.WithTimeout(ctx, firstDial)
		defer cancel()
		select {
		case <-l.dialled:
		case <-wait.Done():
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live == nil || !l.live.hold() {
		return nil, vif.Unavailable.From(l.why, "libvirt does not answer on this host")
	}
	return l.live, nil
}

// up returns nil, or why the line is down.
func (l *line) up() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// forget drops what is known of a domain.
func (l *line) forget(id string) {
	if s := l.now(); s != nil {
		s.forget(id)
	}
}

// now returns the session, not held, or nil while the line is down.
func (l *line) now() *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.live
}

// pause waits for d, or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
