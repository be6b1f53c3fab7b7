package hotplug

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// acted keeps what repair came to in the row, where port_state is read, and
// tells what became of it. Waiting for a guest, or for a daemon that is down, is
// no fault of the port's.
func (e *Engine) acted(ctx context.Context, a store.Attachment, w *world, err error) error {
	switch {
	case err == nil:
		err = e.healthy(ctx, a, w)
	case errors.Is(err, vif.Pending) || errors.Is(err, vif.Unavailable):
	default:
		err = errors.Join(err, e.amend(ctx, a.NIC, func(row *store.Attachment) { row.Error = err.Error() }))
	}
	return errors.Join(err, e.report(ctx, a.NIC))
}

// ailing tells whether earlier passes found something that healthy clears.
func (e *Engine) ailing(a store.Attachment, w *world) bool {
	return w.all && a.Error != "" || e.held.has(a.NIC.Port.ID)
}

// healthy clears what earlier passes found. An error may be about what only a look
// at everything sees, as rules and definitions: only that clears it.
func (e *Engine) healthy(ctx context.Context, a store.Attachment, w *world) error {
	e.held.clear(a.NIC.Port.ID)
	switch {
	case a.Error == "":
		return nil
	case w.all:
		return ignore(vif.NotFound, e.amend(ctx, a.NIC, func(row *store.Attachment) { row.Error = "" }))
	case e.Again != nil:
		e.Again(Look{All: true})
	}
	return nil
}
