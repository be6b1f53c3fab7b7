package hotplug

import (
	"context"
	"errors"
	"time"

	"vifd/agent/store"
	"vifd/vif"
	"vifd/vif/fail"
)

// breath is how long an attach that was answered leaves its core to whoever the
// answer is for, before it does what nobody waits for.
const breath = time.Millisecond

// Attach gives r.Server a NIC. Either the guest (or, of a server that is off,
// the definition) has the NIC and Attach returns the truth about it, or the host
// is as it was before and Attach returns why. A caller that goes away meanwhile
// changes nothing: what has begun is ended.
func (e *Engine) Attach(ctx context.Context, r vif.Request) (vif.Attachment, error) {
	all, err := e.AttachAll(ctx, []vif.Request{r})
	if err != nil {
		return vif.Attachment{}, err
	}
	return all[0], nil
}

// AttachAll gives one server a NIC for each request, in their order: all of them,
// or none, as Attach does one. Each request is an operation of its own; the Once of
// the first stands for all.
func (e *Engine) AttachAll(ctx context.Context, rs []vif.Request) ([]vif.Attachment, error) {
	unlock, waited, err := e.turn(ctx, rs[0].Server)
	if err != nil {
		return nil, err
	}
	made, err := e.earlier(ctx, rs[0])
	if err != nil || made != nil {
		unlock()
		return made, err
	}
	if waited {
		rs[0].Seen = nil
	}
	ctx, cancel := inTime(ctx, time.Duration(len(rs))*e.limits.Attach)
	o := newOutcome()
	e.after.Go(func() {
		defer cancel()
		defer unlock()
		e.attaching(ctx, e.jobs(rs), o, unlock)
	})
	return o.wait(ctx)
}

// attaching attaches, says in o how that ended, and does what nobody waits for.
func (e *Engine) attaching(ctx context.Context, jobs []*job, o *outcome, unlock func()) {
	truths, err := e.attach(ctx, jobs, o)
	if err != nil {
		unlock()
		for _, j := range jobs {
			e.failed(ctx, j.op, err)
		}
		o.end(nil, late(ctx, "the attach", err))
		return
	}
	o.end(truths, nil)
	time.Sleep(breath)
	for i, j := range jobs {
		e.Log.Info("attached", "port", j.a.NIC.Port.ID, "server", j.a.NIC.Server, "operation", j.op.row.ID)
		e.befriend(j.a.NIC.Port.Groups)
		e.told(context.WithoutCancel(ctx), j.a, truths[i])
		e.persist(context.WithoutCancel(ctx), j.a)
	}
}

// attach does what AttachAll promises, under the server's lock.
func (e *Engine) attach(ctx context.Context, jobs []*job, o *outcome) (truths []vif.Attachment, err error) {
	defer func() {
		for _, j := range jobs {
			j.free()
		}
	}()
	first := jobs[0]
	var srv vif.Server
	if err := first.op.time(stepLook, func() error { srv, err = e.look(ctx, first.Request, len(jobs)); return err }); err != nil {
		return nil, err
	}
	for i, j := range jobs {
		if err := e.into(ctx, j, srv); err != nil {
			return nil, errors.Join(err, e.takeBack(ctx, jobs[:i]))
		}
	}
	if !o.take() {
		return nil, errors.Join(context.Cause(ctx), e.takeBack(ctx, jobs))
	}
	if err := first.op.time(stepSettle, func() error { return fail.At(fail.A11, e.settle(ctx, jobs)) }); err != nil {
		o.giveBack()
		return nil, errors.Join(err, e.takeBack(ctx, jobs))
	}
	for _, j := range jobs {
		truths = append(truths, e.truth(ctx, j.a))
	}
	return truths, nil
}

// into does all steps of j but to settle it. Where it cannot, nothing of j is left.
func (e *Engine) into(ctx context.Context, j *job, srv vif.Server) (err error) {
	var p vif.Port
	if err := j.op.time(stepClaim, func() error { p, err = e.Authority.Claim(ctx, j.Request); return fail.At(fail.A1a, err) }); err != nil {
		return err
	}
	free, err := e.ports.lock(ctx, p.ID)
	if err != nil {
		return errors.Join(err, e.release(ctx, p))
	}
	j.free = free
	if err := j.op.time(stepNote, func() error { j.a, err = e.note(ctx, j.Request, srv, p, j.op); return fail.At(fail.A1, err) }); err != nil {
		return errors.Join(err, e.release(ctx, p))
	}
	if err := e.connect(ctx, j.a.NIC, &j.op.timer); err != nil {
		return errors.Join(err, e.abandon(ctx, j.a, j.op))
	}
	return nil
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

// look returns the server if so many NICs can be plugged into it now. Whoever
// checked the request has looked already; a second look is for those who had to wait.
func (e *Engine) look(ctx context.Context, r vif.Request, nics int) (srv vif.Server, err error) {
	var has []store.Attachment
	err = e.Store.View(ctx, func(tx *store.Tx) (err error) { has, err = tx.AttachmentsOf(r.Server); return err })
	if err != nil {
		return srv, err
	}
	if r.Seen != nil && room(*r.Seen, nics, has) == nil {
		return *r.Seen, nil
	}
	if srv, err = e.Hypervisor.Server(ctx, r.Server); err != nil {
		return srv, err
	}
	return srv, room(srv, nics, has)
}

// room tells what keeps so many NICs from being plugged into the server. The slots
// of NICs that it should have and has not, as somebody took them out, are not free.
func room(srv vif.Server, nics int, has []store.Attachment) error {
	switch srv.State {
	case vif.ServerActive, vif.ServerPaused, vif.ServerStopped:
	default:
		return vif.WrongState.Because("Cannot 'attach_interface' instance %s while it is in vm_state %s", srv.ID, srv.State)
	}
	free := srv.FreeSlots
	for _, a := range has {
		if _, shown := srv.NIC(a.NIC.DeviceAlias()); !shown && steady(a) {
			free--
		}
	}
	if srv.Live && srv.Slots && free < nics {
		return noSlot(srv.ID, max(0, free), nics)
	}
	return nil
}

func noSlot(server string, free, nics int) error {
	how := "Detach one, or shut the instance off and add pcie-root-port controllers to its definition (pci-bridge on i440fx)."
	if free == 0 {
		return vif.NoSlot.Because("Instance %s has no free PCI slot for another NIC. %s", server, how)
	}
	return vif.NoSlot.Because("Instance %s has %d free PCI slots, too few for %d NICs. %s", server, free, nics, how)
}
