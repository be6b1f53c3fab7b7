package hotplug

import (
	"slices"
	"sync"
	"time"

	"vifd/vif"
)

// A timer keeps how long each step of one operation took, and tells whoever
// waits for the operation. Steps may be timed side by side.
type timer struct {
	tell  func(vif.Progress)
	mu    sync.Mutex
	steps []vif.Progress
}

// time does f and keeps how long it took under the step's name.
func (t *timer) time(step string, f func() error) error {
	start := time.Now()
	err := f()
	p := vif.Progress{Step: step, Ms: ms(start)}
	if err != nil {
		p.Err = err.Error()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps = append(t.steps, p)
	if t.tell != nil {
		t.tell(p)
	}
	return err
}

// all returns the steps so far, in the order in which they ended.
func (t *timer) all() []vif.Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.steps)
}
