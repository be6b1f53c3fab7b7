package hotplug

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// SetLink sets the link that a server sees of a port: of its guest at once, and
// for good: a guest that starts again has it so. On an error it is as it was, now
// or after the next pass. A port that the server has not got is vif.NotFound, and
// one on its way in or out vif.WrongState.
func (e *Engine) SetLink(ctx context.Context, server, port string, l vif.Link) (vif.Attachment, error) {
	unlock, _, err := e.turn(ctx, server)
	if err != nil {
		return vif.Attachment{}, err
	}
	defer unlock()
	free, err := e.ports.lock(ctx, port)
	if err != nil {
		return vif.Attachment{}, err
	}
	defer free()
	a, err := e.attachment(ctx, server, port)
	if err != nil {
		return vif.Attachment{}, err
	}
	if !a.Settled || a.Desired == store.Absent {
		return vif.Attachment{}, vif.WrongState.Because("Port %s is still on its way into instance %s or out of it.", port, server)
	}
	ctx, cancel := e.undoContext(ctx, 0)
	defer cancel()
	if err := e.link(ctx, &a, l); err != nil {
		return vif.Attachment{}, late(ctx, "the change of the link", err)
	}
	e.persist(ctx, a)
	return e.truth(ctx, a), nil
}

// link notes the link before it sets it: Recover goes on from there.
func (e *Engine) link(ctx context.Context, a *store.Attachment, l vif.Link) error {
	old := a.NIC.Link
	if err := e.noteLink(ctx, a, l); err != nil {
		return err
	}
	if err := e.Hypervisor.Link(ctx, a.NIC, l.Up()); err != nil {
		return errors.Join(err, e.noteLink(ctx, a, old))
	}
	return nil
}

// noteLink notes what the link shall be, and that the definition has to learn it.
func (e *Engine) noteLink(ctx context.Context, a *store.Attachment, l vif.Link) error {
	a.NIC.Link, a.Persisted = l, false
	return e.amend(ctx, a.NIC, func(row *store.Attachment) { row.NIC.Link, row.Persisted = l, false })
}
