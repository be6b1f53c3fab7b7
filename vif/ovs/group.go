package ovs

import (
	"context"
	"slices"
	"sync"
	"time"
)

// groupTime bounds one round of a group.
const groupTime = 10 * time.Second

// A group does together what is asked for while the round before is under way.
// Nothing waits for company: the first comer is served at once.
type group[T any] struct {
	// do does the items, and returns an error or nil for each.
	do func(context.Context, []T) []error
	// most is how many items one round may have.
	most int

	mu    sync.Mutex
	queue []*member[T]
	busy  bool
}

type member[T any] struct {
	item T
	done chan error
}

// submit returns when the item was done. When ctx ends first, an item that is
// still queued is never done; what becomes of one that is under way is open.
func (g *group[T]) submit(ctx context.Context, item T) error {
	m := &member[T]{item: item, done: make(chan error, 1)}
	g.mu.Lock()
	g.queue = append(g.queue, m)
	if !g.busy {
		g.busy = true
		go g.drain()
	}
	g.mu.Unlock()

	select {
	case err := <-m.done:
		return err
	case <-ctx.Done():
		g.withdraw(m)
		return ctx.Err()
	}
}

func (g *group[T]) withdraw(m *member[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = slices.DeleteFunc(g.queue, func(q *member[T]) bool { return q == m })
}

// drain does rounds until nothing is queued.
func (g *group[T]) drain() {
	for {
		round := g.next()
		if len(round) == 0 {
			return
		}
		items := make([]T, len(round))
		for i, m := range round {
			items[i] = m.item
		}
		ctx, cancel := context.WithTimeout(context.Background(), groupTime)
		errs := g.do(ctx, items)
		cancel()
		for i, m := range round {
			m.done <- errs[i]
		}
	}
}

// next takes the next round off the queue.
func (g *group[T]) next() []*member[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.queue), g.most)
	round := slices.Clone(g.queue[:n])
	g.queue = slices.Delete(g.queue, 0, n)
	g.busy = n > 0
	return round
}
