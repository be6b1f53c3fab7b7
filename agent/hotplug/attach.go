package hotplug

import (
	"context"
	"errors"
	"fmt"

	"vifd/agent/store"
	"vifd/vif"
)

// Attach gives r.Server a NIC. Either the guest (or, of a server that is off,
// the definition) has the NIC and Attach returns the truth about it, or the host
// is as it was before and Attach returns why. A caller that goes away meanwhile
// changes nothing: what has begun is ended.
func (e *Engine) Attach(ctx context.Context, r vif.Request) (vif.Attachment, error) {
	unlock, waited, err := e.turn(ctx, r.Server)
	if err != nil {
		return vif.Attachment{}, err
	}
	if waited {
		r.Seen = nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.limits.Attach)
	defer cancel()
	op := e.begin(vif.AttachInterface, r)
	a, truth, err := e.attach(ctx, r, op)
	if err != nil {
		unlock()
		e.failed(ctx, op, err)
		return vif.Attachment{}, late(ctx, "the attach", err)
	}
	e.after.Go(func() {
		defer unlock()
		e.persist(context.WithoutCancel(ctx), a)
	})
	return truth, nil
}

// attach does what Attach promises, under the server's lock.
func (e *Engine) attach(ctx context.Context, r vif.Request, op *operation) (a store.Attachment, truth vif.Attachment, err error) {
	var srv vif.Server
	if err := op.time(stepLook, func() error { srv, err = e.look(ctx, r); return err }); err != nil {
		return a, truth, err
	}
	var p vif.Port
	if err := op.time(stepClaim, func() error { p, err = e.Authority.Claim(ctx, r); return err }); err != nil {
		return a, truth, err
	}
	free, err := e.ports.lock(ctx, p.ID)
	if err != nil {
		return a, truth, errors.Join(err, e.release(ctx, p))
	}
	defer free()
	if err := op.time(stepNote, func() error { a, err = e.note(ctx, r, srv, p, op); return err }); err != nil {
		return a, truth, errors.Join(err, e.release(ctx, p))
	}
	truth, err = e.into(ctx, a, srv, op)
	if err != nil {
		return a, truth, errors.Join(err, e.abandon(ctx, a, op))
	}
	return a, truth, nil
}

// into does the steps of a, and notes that they are done.
func (e *Engine) into(ctx context.Context, a store.Attachment, srv vif.Server, op *operation) (vif.Attachment, error) {
	if err := e.connect(ctx, a.NIC, srv.Live, &op.timer); err != nil {
		return vif.Attachment{}, err
	}
	if err := op.time(stepSettle, func() error { return e.settle(ctx, a, op) }); err != nil {
		return vif.Attachment{}, err
	}
	a.Settled = true
	return e.truth(ctx, a), nil
}

// turn waits for the server's lock, and tells whether that took any time, in
// which the server may have changed.
func (e *Engine) turn(ctx context.Context, server string) (unlock func(), waited bool, err error) {
	if unlock, _ := e.servers.try(server); unlock != nil {
		return unlock, false, nil
	}
	if unlock, err = e.servers.lock(ctx, server); err != nil {
		err = vif.Unavailable.From(err, "Another change to instance %s is still under way: try again.", server)
	}
	return unlock, true, err
}

// look returns the server if a NIC can be plugged into it now. Whoever checked
// the request has looked already; a second look is for those who had to wait.
func (e *Engine) look(ctx context.Context, r vif.Request) (srv vif.Server, err error) {
	if r.Seen != nil {
		srv = *r.Seen
	} else if srv, err = e.Hypervisor.Server(ctx, r.Server); err != nil {
		return srv, err
	}
	switch srv.State {
	case vif.ServerActive, vif.ServerPaused, vif.ServerStopped:
	default:
		return srv, vif.WrongState.Because("Cannot 'attach_interface' instance %s while it is in vm_state %s", r.Server, srv.State)
	}
	if srv.Live && srv.Slots && srv.FreeSlots == 0 {
		return srv, vif.NoSlot.Because("Instance %s has no free PCI Express slot for another NIC. "+
			"Detach one, or shut the instance off and add pcie-root-port controllers to its definition.", r.Server)
	}
	return srv, nil
}

// abandon takes back what an attach has done. An error says what was left for
// Recover, in whose eyes a NIC that was never settled is one to be removed.
func (e *Engine) abandon(ctx context.Context, a store.Attachment, op *operation) error {
	ctx, cancel := e.undoContext(ctx, e.limits.Detach)
	defer cancel()
	guest, end := context.WithTimeout(ctx, e.limits.Detach)
	defer end()
	if err := e.unwant(ctx, &a, op); err != nil {
		e.Log.Warn("rollback goes on, but could not be noted", "port", a.NIC.Port.ID, "err", err)
	}
	if err := e.remove(ctx, a, &op.timer, guest, func() {}); err != nil {
		e.Log.Error("rollback is not complete, and will be tried again", "port", a.NIC.Port.ID, "server", a.NIC.Server, "err", err)
		return fmt.Errorf("rollback: %w", err)
	}
	return nil
}

// release gives back a claim that nothing was built on yet.
func (e *Engine) release(ctx context.Context, p vif.Port) error {
	ctx, cancel := e.undoContext(ctx, 0)
	defer cancel()
	return e.Authority.Release(ctx, p)
}
