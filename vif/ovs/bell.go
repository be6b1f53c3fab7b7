package ovs

import "sync"

// A bell wakes those that wait for a name. The zero bell is ready.
type bell struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]bool
}

// listen returns a channel that gets a value after each ring of the name, and
// what ends that.
func (b *bell) listen(name string) (rung <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting = map[string]map[chan struct{}]bool{}
	}
	if b.waiting[name] == nil {
		b.waiting[name] = map[chan struct{}]bool{}
	}
	b.waiting[name][c] = true
	return c, func() { b.stop(name, c) }
}

func (b *bell) stop(name string, c chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiting[name], c)
	if len(b.waiting[name]) == 0 {
		delete(b.waiting, name)
	}
}

// ring wakes those that wait for the name.
func (b *bell) ring(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.waiting[name] {
		poke(c)
	}
}

// poke puts a value into c, a channel of one, if there is none in it yet.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
