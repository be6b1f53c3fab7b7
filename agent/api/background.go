package api

import (
	"context"
	"sync"
)

// A background is the work that goes on after its request was answered.
type background struct {
	ctx    context.Context // of all of it
	cancel context.CancelFunc

	mu      sync.Mutex
	running map[string]*task
}

// A task is a piece of work in the background.
type task struct {
	done chan struct{} // closed at its end
	err  error         // how it ended; to be read after that
}

func newBackground() *background {
	ctx, cancel := context.WithCancel(context.Background())
	return &background{ctx: ctx, cancel: cancel, running: map[string]*task{}}
}

// start starts work by itself and returns it, or the work of that key that is
// running already.
func (b *background) start(key string, work func(context.Context) error) *task {
	b.mu.Lock()
	defer b.mu.Unlock()
	if running, ok := b.running[key]; ok {
		return running
	}
	t := &task{done: make(chan struct{})}
	b.running[key] = t
	go func() {
		defer b.end(key, t)
		t.err = work(b.ctx)
	}()
	return t
}

func (b *background) end(key string, t *task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.running, key)
	close(t.done)
}

// runs tells whether work of that key is running.
func (b *background) runs(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.running[key]
	return ok
}

// stop lets the work go on until ctx ends, cancels what is left, and returns
// when that has ended too.
func (b *background) stop(ctx context.Context) {
	defer b.cancel()
	for {
		done := b.any()
		if done == nil {
			return
		}
		select {
		case <-done:
		case <-ctx.Done():
			b.cancel()
			<-done
		}
	}
}

// any returns the end of some work that is running, or nil.
func (b *background) any() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.running {
		return t.done
	}
	return nil
}
