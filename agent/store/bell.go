package store

import "sync"

// A bell wakes all who wait for it. It is made by newBell.
type bell struct {
	mu   sync.Mutex
	next chan struct{}
}

func newBell() *bell { return &bell{next: make(chan struct{})} }

// rung returns a channel that is closed at the next ring.
func (b *bell) rung() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = make(chan struct{})
}

// Eventful returns a channel that is closed when the next event or notice can be
// read. Who asks for it before reading misses nothing.
func (s *Store) Eventful() <-chan struct{} { return s.bell.rung() }
