package hotplug

import (
	"context"
	"fmt"
	"sync"
)

// keyed is a lock for each of any number of names. The zero value is ready.
type keyed struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when the lock is given up
}

// lock waits for name's lock, at most until ctx ends. What it returns gives the
// lock up; calling it again does nothing.
func (k *keyed) lock(ctx context.Context, name string) (unlock func(), err error) {
	for {
		unlock, busy := k.try(name)
		if unlock != nil {
			return unlock, nil
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// try takes name's lock if it is free, and else returns what is closed when its
// holder gives it up.
func (k *keyed) try(name string) (unlock func(), busy <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c, ok := k.held[name]; ok {
		return nil, c
	}
	if k.held == nil {
		k.held = map[string]chan struct{}{}
	}
	c := make(chan struct{})
	k.held[name] = c
	return sync.OnceFunc(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.held, name)
		close(c)
	}), nil
}

// both takes the locks of the server and of the port if both are free, and else
// returns what is closed when the one that is not is given up.
func (e *Engine) both(server, port string) (unlock func(), busy <-chan struct{}) {
	one, busy := e.servers.try(server)
	if one == nil {
		return nil, busy
	}
	other, busy := e.ports.try(port)
	if other == nil {
		one()
		return nil, busy
	}
	return func() { other(); one() }, nil
}

// later asks for another look when what a pass would have waited for is over.
func (e *Engine) later(l Look, busy <-chan struct{}) {
	what := fmt.Sprint(l)
	if e.Again == nil || !e.waiting.claim(what) {
		return
	}
	go func() {
		<-busy
		e.waiting.clear(what)
		e.Again(l)
	}()
}

// marks are names that stand for something until they are cleared. The zero
// value has none.
type marks struct {
	mu   sync.Mutex
	made map[string]bool
}

func (m *marks) make(name string) { m.claim(name) }

// claim makes the name, and tells whether it was not made before.
func (m *marks) claim(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.made == nil {
		m.made = map[string]bool{}
	}
	was := m.made[name]
	m.made[name] = true
	return !was
}

func (m *marks) clear(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.made, name)
}

func (m *marks) has(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.made[name]
}

func (m *marks) any() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.made) > 0
}
