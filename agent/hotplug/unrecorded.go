package hotplug

import (
	"context"
	"sync"

	"vifd/agent/store"
	"vifd/vif"
)

// unrecorded counts the operations whose end could not be kept since one could. Its
// zero value has none.
type unrecorded struct {
	mu   sync.Mutex
	many int
}

// add counts one, and tells whether it is the first.
func (u *unrecorded) add() (first bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.many++
	return u.many == 1
}

// none forgets them, and returns how many there were.
func (u *unrecorded) none() (many int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	many, u.many = u.many, 0
	return many
}

// record keeps how an operation ended. Where it cannot, as with a full disk, that
// is logged for the first one, and how many there were when one can be kept again.
func (e *Engine) record(ctx context.Context, o vif.Operation, reason string) {
	err := e.Store.Update(ctx, func(tx *store.Tx) error { return finished(tx, o, reason) })
	if err != nil {
		if e.unrecorded.add() {
			e.Log.Warn("operations are not recorded; this is the first", "operation", o.ID, "err", err)
		}
		return
	}
	if many := e.unrecorded.none(); many > 0 {
		e.Log.Warn("operations are recorded again", "unrecorded", many)
	}
}
