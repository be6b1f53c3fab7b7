package tap

import (
	"context"
	"sync"
)

// lanes let one at a time work under a name.
type lanes struct {
	mu    sync.Mutex
	taken map[string]chan struct{} // closed when the lane is free again
}

// enter returns when the caller has the lane to itself, until it calls leave.
func (l *lanes) enter(ctx context.Context, name string) (leave func(), err error) {
	for {
		busy := l.take(name)
		if busy == nil {
			return func() { l.free(name) }, nil
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take takes the lane and returns nil, or returns what tells when it is free.
func (l *lanes) take(name string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()

	if busy, taken := l.taken[name]; taken {
		return busy
	}
	if l.taken == nil {
		l.taken = map[string]chan struct{}{}
	}
	l.taken[name] = make(chan struct{})
	return nil
}

func (l *lanes) free(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()

	close(l.taken[name])
	delete(l.taken, name)
}
