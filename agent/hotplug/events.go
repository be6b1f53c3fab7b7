package hotplug

import (
	"context"

	"vifd/agent/store"
	"vifd/vif"
)

// Events returns the events after that with the ID, oldest first and most at
// once. It is whole when none of them is lost.
func (e *Engine) Events(ctx context.Context, after int64, most int) (list []vif.Event, whole bool, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		list, whole, err = tx.EventsAfter(after, most)
		return err
	})
	return list, whole, err
}

// LastEvent returns the ID of the newest event that there ever was.
func (e *Engine) LastEvent(ctx context.Context) (id int64, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error { id, err = tx.LastEvent(); return err })
	return id, err
}

// Eventful returns a channel that is closed when there are more events.
func (e *Engine) Eventful() <-chan struct{} { return e.Store.Eventful() }
