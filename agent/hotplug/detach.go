package hotplug

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
	"vifd/vif/fail"
)

// Detach takes r.Port out of r.Server: first from the guest, then from the
// switch, and gives the claim back when nothing holds it any more. A guest that
// does not let go in time is vif.Pending: nothing is freed, and Recover goes on
// until the guest has. A port that the server has not got is vif.NotFound.
func (e *Engine) Detach(ctx context.Context, r vif.Request) error {
	unlock, _, err := e.turn(ctx, r.Server)
	if err != nil {
		return err
	}
	defer unlock()
	guest, cancel := context.WithTimeout(ctx, e.limits.Detach)
	defer cancel()
	ctx, end := e.undoContext(ctx, e.limits.Detach)
	defer end()
	op := e.begin(vif.DetachInterface, r)
	err = e.detach(ctx, guest, r.Server, r.Port, op, unlock)
	if err != nil && !errors.Is(err, vif.NotFound) && !errors.Is(err, vif.Pending) {
		e.failed(ctx, op, err)
		e.unfinished(r.Server)
	}
	return late(ctx, "the detach", err)
}

// unfinished asks for a look at a server with which something was left to Recover.
func (e *Engine) unfinished(server string) {
	if e.Again != nil {
		e.Again(Look{Servers: []string{server}})
	}
}

// detach does what Detach promises. It gives the server's lock up as soon as
// the server has nothing more to do with the port, and waits for the guest until
// the context guest ends: when vifd stops, that is left to the next one.
func (e *Engine) detach(ctx, guest context.Context, server, port string, op *operation, unlock func()) error {
	free, err := e.ports.lock(ctx, port)
	if err != nil {
		return err
	}
	defer free()
	a, err := e.attachment(ctx, server, port)
	if err != nil {
		return err
	}
	if err := op.time(stepNote, func() error { return fail.At(fail.D1, e.unwant(ctx, &a, op)) }); err != nil {
		return err
	}
	if err := e.remove(ctx, a, &op.timer, guest, func() { unlock(); e.succeeded(ctx, op) }); err != nil {
		return err
	}
	e.Log.Info("detached", "port", port, "server", server, "operation", op.row.ID)
	return e.closed(ctx, a.NIC)
}

// attachment returns the row of a port that the server has, or is getting, or
// is losing.
func (e *Engine) attachment(ctx context.Context, server, port string) (a store.Attachment, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		a, err = tx.Attachment(port)
		return err
	})
	if errors.Is(err, vif.NotFound) || err == nil && (a.NIC.Server != server || a.Released) {
		return a, vif.NotFound.Because("Port %s is not attached to instance %s.", port, server)
	}
	return a, err
}

// unwant notes that the NIC shall go.
func (e *Engine) unwant(ctx context.Context, a *store.Attachment, op *operation) error {
	a.Desired, a.Error, a.Operation = store.Absent, "", op.row.ID
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		if err := e.put(tx, *a); err != nil {
			return err
		}
		return tx.PutOperation(op.record(a.NIC.Port.ID))
	})
}

// remove undoes all steps of a, tells released when the claim has been given
// back, and then clears away what nobody waits for. The guest has until the end of
// the context guest to let go of the NIC. When remove returns nil nothing of a is left, and on an error
// a's row is, with all that could not be undone: a claim that cannot be given back keeps nothing but itself.
func (e *Engine) remove(ctx context.Context, a store.Attachment, t *timer, guest context.Context, released func()) error {
	first, last := e.undoing()
	if !a.Released {
		if err := e.unlink(ctx, a.NIC, t, guest, first); err != nil {
			return err
		}
		if err := t.time(stepRelease, func() error { return e.giveBack(ctx, &a) }); err != nil {
			return errors.Join(err, e.unlink(ctx, a.NIC, t, guest, last)) // the disk may be full for long
		}
	}
	e.held.clear(a.NIC.Port.ID)
	e.unfiltered.clear(a.NIC.Port.ID)
	released()
	if err := e.unlink(ctx, a.NIC, t, guest, last); err != nil {
		return err
	}
	e.forget(ctx, a.NIC)
	return fail.At(fail.D9a, e.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.DropAttachment(a.NIC.Port.ID, a.NIC.Gen)
	}))
}

// forget takes the port out of the server's metadata. A server whose metadata
// cannot be written now drops it when they are next written.
func (e *Engine) forget(ctx context.Context, n vif.NIC) {
	if err := e.Hypervisor.Forget(ctx, n); err != nil {
		e.Log.Warn("the metadata of the server still names a port that it had", "port", n.Port.ID, "server", n.Server, "err", err)
	}
}

// giveBack ends the claim and notes it.
func (e *Engine) giveBack(ctx context.Context, a *store.Attachment) error {
	if len(a.NIC.Port.Groups) > 0 && a.NIC.Port.Ephemeral {
		if err := e.Authority.Leave(ctx, a.NIC.Port); err != nil {
			return err
		}
		e.estrange(ctx, a.NIC.Server, a.NIC.Port.Groups)
	}
	if err := fail.At(fail.D9, e.Authority.Release(ctx, a.NIC.Port)); err != nil {
		return err
	}
	a.Desired, a.Released = store.Absent, true
	return e.Store.Update(ctx, func(tx *store.Tx) error { return e.put(tx, *a) })
}

// succeeded keeps that what was asked for has been done.
func (e *Engine) succeeded(ctx context.Context, op *operation) {
	e.record(ctx, op.ended(op.row.Port, nil), "")
}
