package hypervisor

import (
	"context"
	"errors"
	"sync"

	"libvirt.org/go/libvirt"

	"vifd/vif"
)

// within returns what f returns, or, when ctx ends before it does, an error of
// kind vif.Unavailable. Then f goes on, and its outcome is open.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	c := make(chan answer, 1)
	go func() {
		value, err := f()
		c <- answer{value, err}
	}()
	select {
	case a := <-c:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, vif.Unavailable.From(context.Cause(ctx), "libvirt did not answer in time")
	}
}

// early returns what f returns, or nil once enough is closed. Then f goes on, whatever
// becomes of ctx, and rest is called with what it returns.
func early(ctx context.Context, enough <-chan struct{}, f func(context.Context) error, rest func(error)) error {
	going, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	ended, left := make(chan error), make(chan struct{})
	defer close(left)
	go func() {
		defer cancel(nil)
		err := f(going)
		select {
		case ended <- err:
		case <-left:
			rest(err)
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-enough:
		return nil
	}
}

// use calls f with the line's session, and a wire that f has to itself, when it is f's
// turn. It waits for that as long as ctx lets it, and for f for ever.
func use[T any](ctx context.Context, l *line, f func(*session, *wire) (T, error)) (T, error) {
	var none T
	s, err := l.get(ctx)
	if err != nil {
		return none, err
	}
	defer s.release()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return none, vif.Unavailable.From(context.Cause(ctx), "libvirt has too much to do")
	}
	w, err := s.take()
	if err != nil {
		return none, vif.Unavailable.From(err, "libvirt cannot be reached")
	}
	defer s.give(w)
	return f(s, w)
}

// on calls f with the domain on the line. ctx bounds the wait, as does the line.
// done, where it is not nil, is called when libvirt has nothing more to do with it.
func on[T any](ctx context.Context, l *line, id string, done func(), f func(*libvirt.Domain) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	return within(ctx, func() (T, error) {
		if done != nil {
			defer done()
		}
		return use(ctx, l, func(s *session, w *wire) (T, error) { return ask(s, w, id, f) })
	})
}

// ask calls f with the domain.
func ask[T any](s *session, w *wire, id string, f func(*libvirt.Domain) (T, error)) (T, error) {
	var none T
	d, err := s.domain(w, id)
	if err != nil {
		return none, err
	}
	defer func() { _ = d.Free() }()
	value, err := f(d)
	if errors.Is(err, libvirt.ERR_NO_DOMAIN) {
		s.forget(id)
	}
	return value, err
}

// do is on for a call that returns nothing.
func do(ctx context.Context, l *line, id string, done func(), f func(*libvirt.Domain) error) error {
	_, err := on(ctx, l, id, done, func(d *libvirt.Domain) (struct{}, error) { return struct{}{}, f(d) })
	return err
}

// busy says what is in hand, by name. Its zero value is nothing.
type busy struct {
	mu    sync.Mutex
	names map[string]chan struct{}
}

// enter waits until nobody has the name in hand, and takes it until leave is
// called. It fails with ctx, as vif.Unavailable.
func (b *busy) enter(ctx context.Context, name string) (leave func(), err error) {
	for {
		b.mu.Lock()
		taken, ok := b.names[name]
		if !ok {
			break
		}
		b.mu.Unlock()
		select {
		case <-taken:
		case <-ctx.Done():
			return nil, vif.Unavailable.From(context.Cause(ctx), "libvirt has not finished an earlier request")
		}
	}
	defer b.mu.Unlock()
	if b.names == nil {
		b.names = map[string]chan struct{}{}
	}
	mine := make(chan struct{})
	b.names[name] = mine
	return func() {
		b.mu.Lock()
		delete(b.names, name)
		b.mu.Unlock()
		close(mine)
	}, nil
}
